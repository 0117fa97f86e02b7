import { Injectable } from '@nestjs/common';

import { type Page, type PageRequest, type Secret, type TenantScope, coreErrors } from '#core';
import { publicKeyToBytes } from '#crypto';
import { Database, In, Not, type Tx, type View, requireVersion } from '#database';
import { Keys, Signer, keyErrors } from '#keys';
import { raiseConfigVersion } from '#tenants';

import { CertificateAuthorities } from './authorities.service.js';
import { type CertificateFilter, conditionOf } from './certificate-filter.js';
import { pkcs7Certificates } from './chain.js';
import { Crls } from './crls.service.js';
import { Certificate } from './entities.js';
import { certificateErrors } from './errors.js';
import { certificateEvents } from './events.js';
import { type CertificateState, certificateLifecycle, certificateStateAt } from './lifecycle.js';
import { pkcs12Bundle } from './pkcs12.js';
import { publicKeyFingerprint } from './public-key.js';
import type { RevocationReason } from './reasons.js';
import { certificatesIn, readStored } from './stored-certificate.js';

/** A certificate as it is at this moment. */
export interface JudgedCertificate {
  readonly certificate: Certificate;
  /** The state that counts now; the row may not say so yet. */
  readonly state: CertificateState;
}

export interface CertificateWithChain extends JudgedCertificate {
  /** PEM of the issuers, nearest first. */
  readonly chain: string;
}

/** What a revocation would do, without doing it. */
export interface RevocationRehearsal {
  readonly allowed: boolean;
  readonly code?: 'WRONG_STATE';
  readonly state: CertificateState;
}

const PAGE_OF_EXPORT = 200;

type Move = 'hold' | 'release' | 'revoke';

type Change = Pick<Certificate, 'revocationReason' | 'revokedAt'>;

/** Where each move leads, so that a second one of the same kind changes nothing. */
const ALREADY: Readonly<Record<Move, CertificateState>> = { hold: 'held', release: 'active', revoke: 'revoked' };

const EVENTS = {
  hold: certificateEvents.held,
  release: certificateEvents.released,
  revoke: certificateEvents.revoked,
} as const;

/** The inventory: what was issued, and what became of it. */
@Injectable()
export class Certificates {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly crls: Crls,
    private readonly keys: Keys,
    private readonly signer: Signer,
  ) {}

  /** One page, oldest first. */
  async list(scope: TenantScope, filter: CertificateFilter, page: PageRequest): Promise<Page<JudgedCertificate>> {
    return this.database.read(scope, async (view) => {
      const condition = await conditionOf(view, filter);
      if (condition === undefined) return { items: [], nextCursor: null };
      const { items, nextCursor } = await view.page(Certificate, condition, [['id', 'ASC']], page);
      return { items: items.map((row) => judge(row, view)), nextCursor };
    });
  }

  /** Everything that matches, page after page: never more than one page is in memory. */
  async *export(scope: TenantScope, filter: CertificateFilter): AsyncGenerator<JudgedCertificate> {
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

  /** The certificate itself; `pkcs7` holds its issuers, too. @throws NOT_FOUND, WRONG_STATE while it is being issued */
  async download(scope: TenantScope, kid: string, format: 'pem' | 'der' | 'pkcs7'): Promise<string | Buffer> {
    const { certificate, chain } = await this.get(scope, kid);
    if (certificate.certificatePem === null) throw coreErrors.WRONG_STATE('The certificate was never finished');
    if (format === 'pem') return certificate.certificatePem;
    const { der } = readStored(certificate);
    return format === 'der' ? der : pkcs7Certificates([der, ...certificatesIn(chain)]);
  }

  /**
   * Refuses the certificate from this moment, for ever. Once is enough: another time changes nothing, not even the reason.
   * `keyCompromise` takes every other certificate of that key along.
   * @throws NOT_FOUND, WRONG_STATE (not issued yet), PRECONDITION_FAILED
   */
  async revoke(
    scope: TenantScope,
    kid: string,
    reason: Exclude<RevocationReason, 'certificateHold'>,
    ifMatch?: number,
  ): Promise<CertificateWithChain> {
    return this.move(scope, kid, 'revoke', (tx) => ({ revocationReason: reason, revokedAt: tx.now }), ifMatch);
  }

  /** Refuses it until it is released. @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async hold(scope: TenantScope, kid: string, ifMatch?: number): Promise<CertificateWithChain> {
    const set = (tx: Tx) => ({ revocationReason: 'certificateHold' as const, revokedAt: tx.now });
    return this.move(scope, kid, 'hold', set, ifMatch);
  }

  /** @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED */
  async release(scope: TenantScope, kid: string, ifMatch?: number): Promise<CertificateWithChain> {
    return this.move(scope, kid, 'release', () => ({ revocationReason: null, revokedAt: null }), ifMatch);
  }

  /** What `revoke` would do. @throws NOT_FOUND */
  async rehearseRevocation(scope: TenantScope, kid: string): Promise<RevocationRehearsal> {
    const { state } = await this.get(scope, kid);
    if (state === 'issuing') return { allowed: false, code: 'WRONG_STATE', state };
    return { allowed: true, state: 'revoked' };
  }

  /**
   * Key, certificate and issuers in one PKCS#12 file, where the key is one of the tenant's that may leave.
   * @throws NOT_FOUND, KEY_NOT_EXPORTABLE, KEY_NOT_OF_CERTIFICATE, WRONG_STATE
   */
  async bundle(scope: TenantScope, kid: string, keyId: string, passphrase: Secret): Promise<Buffer> {
    const { certificate, chain, privateKey } = await this.database.read(scope, async (view) => {
      const found = await this.read(view, kid);
      const { key } = await this.keys.describe(view, keyId);
      if (!key.exportable) throw keyErrors.KEY_NOT_EXPORTABLE();
      const versions = await this.signer.verifyingKeys(view, keyId);
      const version = versions.find(
        ({ verifyingKey }) =>
          verifyingKey.type === 'public' &&
          publicKeyFingerprint(publicKeyToBytes(verifyingKey)) === found.certificate.publicKeyHash,
      );
      if (!version) throw certificateErrors.KEY_NOT_OF_CERTIFICATE();
      return { ...found, privateKey: version.signingKey };
    });
    // The derivation of its keys takes a second: not while a transaction is open.
    const bundle = await pkcs12Bundle({
      privateKey,
      certificate: readStored(certificate).der,
      chain: certificatesIn(chain),
      friendlyName: certificate.subject.slice(0, 64),
      passphrase: passphrase.reveal(),
    });
    await this.database.transaction(scope, async (tx) => {
      tx.record(certificateEvents.exported(certificate.id, { kid, details: { keyId } }));
    });
    return bundle;
  }

  private async move(
    scope: TenantScope,
    kid: string,
    move: Move,
    set: (tx: Tx) => Change,
    ifMatch: number | undefined,
  ): Promise<CertificateWithChain> {
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Certificate, { kid });
      requireVersion(before, ifMatch);
      const state = certificateStateAt(before, tx.now);
      if (state !== ALREADY[move]) {
        // By the clock: what has expired can be revoked, and nothing else.
        const from: readonly CertificateState[] = certificateLifecycle.event[move].from;
        if (!from.includes(state))
          throw coreErrors.WRONG_STATE(`It is ${state}; ${move} is possible from ${from.join(', ')}`);
        const change = set(tx);
        await this.apply(tx, before, move, change);
        if (change.revocationReason === 'keyCompromise') await this.revokeTwins(tx, before, change);
        await raiseConfigVersion(tx);
      }
      return this.read(tx, kid);
    });
  }

  private async apply(tx: Tx, before: Certificate, move: Move, change: Change): Promise<void> {
    const { id, kid, caId, serialNumber } = before;
    await tx.transition(Certificate, id, certificateLifecycle.event[move], { ...change, updatedAt: tx.now });
    await this.crls.markStale(tx, caId);
    const { revocationReason: reason } = change;
    const from = certificateStateAt(before, tx.now);
    tx.record(EVENTS[move](id, { kid, details: { from, serialNumber, ...(reason ? { reason } : {}) } }));
  }

  /** A key that leaked is no better under another certificate (CA/B Forum BR §4.9.1.1). */
  private async revokeTwins(tx: Tx, { id, publicKeyHash }: Certificate, change: Change): Promise<void> {
    const twins = await tx.find(
      Certificate,
      { publicKeyHash, id: Not(id), state: In(['active', 'held']) },
      { order: { id: 'ASC' } },
    );
    for (const twin of twins) await this.apply(tx, twin, 'revoke', change);
  }

  private async read(view: View, kid: string): Promise<CertificateWithChain> {
    const row = await view.get(Certificate, { kid });
    return { ...judge(row, view), chain: await this.authorities.chainOf(view, row.caId) };
  }
}

const judge = (certificate: Certificate, { now }: View): JudgedCertificate => ({
  certificate,
  state: certificateStateAt(certificate, now),
});
