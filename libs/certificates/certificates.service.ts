import { Injectable } from '@nestjs/common';

import { certificatesIn } from '#asn1';
import { type Page, type PageRequest, type Secret, type TenantScope, coreErrors } from '#core';
import { normalContacts, writeContacts } from '#contacts';
import { CpuQueue, StoredKey, keyFileWork, privateKeyToBytes, publicKeyFingerprint, publicKeyToBytes } from '#crypto';
import { type Committed, Database, type SeenVersions, type Tx, type View, requireVersion } from '#database';
import { KeyRotation, Keys, type PreparedCompromise, Signer, identifiedPublicKey, keyErrors } from '#keys';
import { type RevocationReason, writePkcs12, pkcs7Certificates, replacesReason } from '#pki';
import { raiseConfigVersion } from '#tenants';

import { CertificateAuthorities } from './authorities.service.js';
import { type CertificateFilter, conditionOf } from './certificate-filter.js';
import { Crls } from './crls.service.js';
import { Certificate } from './entities.js';
import { certificateErrors } from './errors.js';
import { certificateEvents } from './events.js';
import { type CertificateState, certificateLifecycle, certificateStateAt } from './lifecycle.js';
import { CertificatesOfKeys } from './key-compromise.js';
import { changeStatus } from './status-change.js';
import { readStored } from './stored-certificate.js';

/** A certificate with its effective state. */
export interface EffectiveCertificate {
  readonly certificate: Certificate;
  /** The effective state, which the row may not have yet. */
  readonly state: CertificateState;
}

export interface CertificateWithChain extends EffectiveCertificate {
  /** PEM of the issuers, nearest first. */
  readonly chain: string;
}

/** What a revocation would do, without doing it. */
export interface RevocationDryRun {
  readonly allowed: boolean;
  readonly code?: 'WRONG_STATE';
  readonly state: CertificateState;
  /** `kid`s of the other certificates of the key that would be revoked with it. */
  readonly alsoRevoked?: readonly string[];
  /** Ids of the authorities that have the key, and of those below them, which would be revoked with all that they issued. */
  readonly authorities?: readonly string[];
  /** `kid`s of the versions of signing keys with the same key, which would be marked as compromised. */
  readonly keyVersions?: readonly string[];
}

const PAGE_OF_EXPORT = 200;

/** The inventory of issued certificates: lists, downloads and changes of status. */
@Injectable()
export class Certificates {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly crls: Crls,
    private readonly keys: Keys,
    private readonly rotation: KeyRotation,
    private readonly signer: Signer,
    private readonly ofKeys: CertificatesOfKeys,
    private readonly cpu: CpuQueue,
  ) {}

  /** One page, oldest first. */
  async list(scope: TenantScope, filter: CertificateFilter, page: PageRequest): Promise<Page<EffectiveCertificate>> {
    return this.database.read(scope, async (view) => {
      const condition = await conditionOf(view, filter);
      if (condition === undefined) return { items: [], nextCursor: null };
      const { items, nextCursor } = await view.page(Certificate, condition, [['id', 'ASC']], page);
      return { items: items.map((row) => effective(row, view)), nextCursor };
    });
  }

  /** All matching certificates, read page by page. */
  async *export(scope: TenantScope, filter: CertificateFilter): AsyncGenerator<EffectiveCertificate> {
    let cursor: string | undefined;
    do {
      const page = await this.list(scope, filter, { limit: PAGE_OF_EXPORT, cursor });
      yield* page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, kid: string): Promise<CertificateWithChain> {
    return this.database.read(scope, (view) => this.read(view, kid));
  }

  /** The certificate in a file format; `pkcs7` also contains its issuers. @throws NOT_FOUND, WRONG_STATE while it is being issued */
  async download(scope: TenantScope, kid: string, format: 'pem' | 'der' | 'pkcs7'): Promise<string | Buffer> {
    const { certificate, chain } = await this.get(scope, kid);
    if (certificate.certificatePem === null) throw coreErrors.WRONG_STATE('The certificate was never finished');
    if (format === 'pem') return certificate.certificatePem;
    const { der } = readStored(certificate);
    return format === 'der' ? der : pkcs7Certificates([der, ...certificatesIn(chain)]);
  }

  /**
   * Revokes the certificate permanently. A repetition changes nothing, except that `keyCompromise` replaces other
   * reasons. `keyCompromise` also revokes the tenant's other certificates of that key, marks the versions of signing keys with
   * it as compromised, and reports the key, so that the installation no longer accepts it.
   * @throws NOT_FOUND, WRONG_STATE (not issued yet), PRECONDITION_FAILED, BUSY
   */
  async revoke(
    scope: TenantScope,
    kid: string,
    reason: Exclude<RevocationReason, 'certificateHold'>,
    ifMatch?: SeenVersions,
  ): Promise<Committed<CertificateWithChain>> {
    if (reason !== 'keyCompromise') return this.revokeWith(scope, kid, reason, ifMatch, undefined);
    const { publicKeyHash } = await this.database.read(scope, (view) => view.get(Certificate, { kid }));
    return this.rotation.withCompromise(scope, identifiedPublicKey(publicKeyHash), (compromise) =>
      this.revokeWith(scope, kid, reason, ifMatch, compromise),
    );
  }

  private async revokeWith(
    scope: TenantScope,
    kid: string,
    reason: Exclude<RevocationReason, 'certificateHold'>,
    ifMatch: SeenVersions | undefined,
    compromise: PreparedCompromise | undefined,
  ): Promise<Committed<CertificateWithChain>> {
    return this.change(scope, kid, ifMatch, async (tx, before) => {
      const isStronger = before.state === 'revoked' && replacesReason(reason, before.revocationReason);
      const change = isStronger ? 'compromise' : 'revoke';
      const changed = await changeStatus(tx, this.crls, before, change, { revocationReason: reason });
      if (changed && compromise) {
        await this.rotation.compromiseAll(tx, compromise, `certificate ${kid} was revoked for ${reason}`);
      }
      return changed;
    });
  }

  /** Changes the contacts of the certificate. @throws NOT_FOUND, PRECONDITION_FAILED */
  async changeContacts(
    scope: TenantScope,
    kid: string,
    contacts: readonly string[],
    ifMatch?: SeenVersions,
  ): Promise<CertificateWithChain> {
    const wanted = normalContacts(contacts);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Certificate, { kid });
      await tx.change(Certificate, before, { contacts: wanted, updatedAt: tx.now }, ifMatch);
      await writeContacts(tx, { type: 'certificate', id: before.id }, wanted);
      const content = { before: { contacts: before.contacts ?? [] }, after: { contacts: wanted } };
      tx.record(certificateEvents.changed(before.id, { kid, ...content }));
      return this.read(tx, kid);
    });
  }

  /** Suspends the certificate until it is released. @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async hold(scope: TenantScope, kid: string, ifMatch?: SeenVersions): Promise<Committed<CertificateWithChain>> {
    return this.change(scope, kid, ifMatch, (tx, before) => changeStatus(tx, this.crls, before, 'hold'));
  }

  /** @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async release(scope: TenantScope, kid: string, ifMatch?: SeenVersions): Promise<Committed<CertificateWithChain>> {
    return this.change(scope, kid, ifMatch, (tx, before) => changeStatus(tx, this.crls, before, 'release'));
  }

  /** What `revoke` would do. @throws NOT_FOUND */
  async dryRunRevocation(scope: TenantScope, kid: string, reason: RevocationReason): Promise<RevocationDryRun> {
    return this.database.read(scope, async (view) => {
      const { certificate, state } = effective(await view.get(Certificate, { kid }), view);
      if (!certificateLifecycle.accepts(state, 'revoke')) return { allowed: false, code: 'WRONG_STATE', state };
      const reports = reason === 'keyCompromise' && replacesReason(reason, certificate.revocationReason);
      if (!reports) return { allowed: true, state: 'revoked' };
      const { certificates, authorities } = await this.ofKeys.affectedBy(view, certificate.publicKeyHash);
      const keyVersions = await this.rotation.versionsOf(view, identifiedPublicKey(certificate.publicKeyHash));
      const alsoRevoked = certificates.filter((other) => other !== kid);
      return { allowed: true, state: 'revoked', alsoRevoked, authorities, keyVersions };
    });
  }

  /**
   * Key, certificate and issuers in one PKCS#12 file, if the key is an exportable key of the tenant.
   * @throws NOT_FOUND, KEY_NOT_EXPORTABLE, KEY_NOT_OF_CERTIFICATE, WRONG_STATE, BUSY
   */
  async bundle(scope: TenantScope, kid: string, keyId: string, passphrase: Secret): Promise<Buffer> {
    const { certificate, chain, privateKey } = await this.database.read(scope, async (view) => {
      const found = await this.read(view, kid);
      const key = await this.keys.byId(view, keyId);
      if (!key.exportable) throw keyErrors.KEY_NOT_EXPORTABLE();
      const versions = await this.signer.verifyingKeys(view, keyId);
      const version = versions.find(
        ({ verifyingKey }) =>
          verifyingKey.type === 'public' &&
          publicKeyFingerprint(publicKeyToBytes(verifyingKey)) === found.certificate.publicKeyHash,
      );
      if (!version) throw certificateErrors.KEY_NOT_OF_CERTIFICATE();
      if (version.signingKey instanceof StoredKey) throw keyErrors.KEY_NOT_EXPORTABLE();
      return { ...found, privateKey: version.signingKey };
    });
    const contents = {
      pkcs8: privateKeyToBytes(privateKey),
      certificates: [readStored(certificate).der, ...certificatesIn(chain)],
      friendlyName: certificate.subject.slice(0, 64),
    };
    const work = { ...keyFileWork.encrypt, group: scope.tenantId };
    const bundle = await this.cpu.run(work, () => writePkcs12(contents, passphrase.reveal()));
    await this.database.transaction(scope, async (tx) => {
      tx.record(certificateEvents.exported(certificate.id, { kid, details: { keyId } }));
    });
    return bundle;
  }

  /** The frame of every change of status: lock the row, change it, read the result. */
  private async change(
    scope: TenantScope,
    kid: string,
    ifMatch: SeenVersions | undefined,
    work: (tx: Tx, before: Certificate) => Promise<boolean>,
  ): Promise<Committed<CertificateWithChain>> {
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Certificate, { kid });
      requireVersion(before, ifMatch);
      if (await work(tx, before)) await raiseConfigVersion(tx);
      return this.read(tx, kid);
    });
  }

  private async read(view: View, kid: string): Promise<CertificateWithChain> {
    const row = await view.get(Certificate, { kid });
    return { ...effective(row, view), chain: await this.authorities.chainOf(view, row.caId) };
  }
}

const effective = (certificate: Certificate, { now }: View): EffectiveCertificate => ({
  certificate,
  state: certificateStateAt(certificate, now),
});
