import { hash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { toPem } from '#asn1';
import { PublicUrl } from '#config';
import { newContacts } from '#contacts';
import { DomainError, type EpochMilliseconds, type EventDraft, type TenantScope, selfDeciding } from '#core';
import { CpuQueue, type PublicKeyFacts, publicKeyFingerprint, uuidv4, uuidv7 } from '#crypto';
import {
  type Basis,
  type Committed,
  Database,
  KeyTaken,
  type KnownChange,
  type PreparedWork,
  bothOf,
  knownChange,
  knownTransition,
  withoutCompletion,
} from '#database';
import {
  type GeneralName,
  type IgnoredPart,
  type NameAttribute,
  buildTbsCertificate,
  certificateKid,
  formatName,
  issuerOf,
  randomSerialNumber,
  signCertificate,
  validityFrom,
} from '#pki';
import { CallerDirectory } from '#service-keys';

import { authorityUrls } from './authority-urls.js';
import { AuthorityKeys } from './authority-keys.service.js';
import { COMMON_NAME_LENGTH_MAX, NAME_LENGTH_MAX, SUBJECT_LENGTH_MAX, searchable } from './certificate-filter.js';
import { Crls } from './crls.service.js';
import { compromisedKey } from './csr-policy.js';
import { Certificate, CertificateName } from './entities.js';
import { certificateEvents } from './events.js';
import { InstallationFacts } from './installation-facts.js';
import { type Issuer, IssuerDirectory } from './issuer-directory.js';
import { certificateProfile } from './issuing-profile.js';
import { certificateLifecycle } from './lifecycle.js';
import { lintBeforeSigning, recordingLintFailure } from './pre-sign-lint.js';
import { abandon } from './status-change.js';

export interface IssuedCertificate {
  readonly certificate: Certificate;
  /** PEM of the issuers, nearest first. */
  readonly chain: string;
  /** What of the request is not in the certificate. */
  readonly ignored: readonly IgnoredPart[];
}

/** The certificate that a new one takes the place of. */
export interface Predecessor {
  readonly kid: string;
  /** Held against it again where the successor is stored. @throws WRONG_STATE, CERTIFICATE_REPLACED */
  require(row: Certificate, now: EpochMilliseconds): void;
}

/** What will be certified, once every check has passed. */
export interface Grant {
  readonly issuer: Issuer;
  /** What the checks depended on. */
  readonly basis: Basis;
  readonly serviceId: string | null;
  readonly subject: readonly NameAttribute[];
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly publicKeyInfo: Buffer;
  readonly publicKey: PublicKeyFacts;
  readonly validityDays: number;
  readonly contacts: readonly string[];
  readonly predecessor: Predecessor | undefined;
  readonly ignored: readonly IgnoredPart[];
}

/** On record and ready to be signed. */
interface Intent {
  readonly row: Certificate;
  readonly tbs: Buffer;
  readonly grant: Grant;
}

/** The row of a certificate that takes the place of another one, and the end of that one. */
interface Replacement {
  readonly change: KnownChange;
  readonly event: EventDraft;
}

/**
 * From a grant to a certificate, in three steps: what will be signed is put on record and committed; it is signed; the
 * certificate is stored and only then given away. So no certificate exists that the inventory does not know (an authority accounts for
 * whatever its key has signed, also in a key store with a log of its own), and what a crash leaves between the steps is found and
 * revoked by `UnfinishedIssuance`. Both commits are shared with those of other requests; the signature is in no transaction.
 */
@Injectable()
export class Certification {
  constructor(
    private readonly database: Database,
    private readonly callers: CallerDirectory,
    private readonly issuers: IssuerDirectory,
    private readonly facts: InstallationFacts,
    private readonly keys: AuthorityKeys,
    private readonly crls: Crls,
    private readonly publicUrl: PublicUrl,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * @param decide what is certified; runs again where something that it depended on has changed
   * @throws whatever `decide` throws; LINT_FAILED, BUSY, AUDIT_UNAVAILABLE, CA_NOT_USABLE, CERTIFICATE_REPLACED, WRONG_STATE,
   *   POLICY_VIOLATION, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async certify(scope: TenantScope, decide: () => Promise<Grant>): Promise<Committed<IssuedCertificate>> {
    let issuing = scope.tenantId;
    const intend = async (): Promise<PreparedWork<Intent>> => {
      const { basis } = await this.callers.present(scope);
      const grant = await decide();
      const [ca] = grant.issuer.authorities;
      issuing = ca.id;
      await this.keys.requireAnswer(ca);
      return this.intend(scope, { ...grant, basis: bothOf(basis, grant.basis) });
    };
    const intent = await recordingLintFailure(
      this.database,
      scope,
      () => issuing,
      () => this.database.commit(withoutCompletion(scope), intend),
    );
    const { key } = intent.grant.issuer;
    const der = await this.cpu
      .signWith({ group: scope.tenantId }, key, () => signCertificate(intent.tbs, key))
      .catch(async (error: unknown) => {
        await this.abandonIntent(scope, intent);
        throw error;
      });
    // As this process wrote it, and as it is where something has changed since.
    let known: Certificate | undefined = intent.row;
    const complete = async (): Promise<PreparedWork<IssuedCertificate>> => {
      const row = known ?? (await this.database.read(scope, (view) => view.get(Certificate, { id: intent.row.id })));
      known = undefined;
      return this.complete(scope, intent, row, der);
    };
    try {
      // Its whole result is what is answered, and stored for a repetition of the request.
      return await this.database.commit(scope, complete);
    } catch (error) {
      // A refusal is final, and so is an answer that another process has given; where the database failed, the sweep does this later.
      const isFinal = error instanceof KeyTaken || (error instanceof DomainError && error.kind !== 'unavailable');
      if (isFinal) await this.abandonIntent(scope, intent);
      throw error;
    }
  }

  /** Also where the caller has lost its right meanwhile. */
  private async abandonIntent(scope: TenantScope, { row: { id } }: Intent): Promise<void> {
    await this.database.transaction(selfDeciding(scope), (tx) => abandon(tx, this.crls, id));
  }

  /** What will be signed, and its place in the inventory. @throws LINT_FAILED */
  private intend({ tenantId }: TenantScope, grant: Grant): PreparedWork<Intent> {
    const { issuer, basis, serviceId, subject, subjectAlternativeNames, publicKeyInfo, validityDays } = grant;
    const [ca] = issuer.authorities;
    const now = this.database.now();
    const serialNumber = randomSerialNumber();
    const validity = validityFrom(now, validityDays, issuer.certificate);
    const tbs = buildTbsCertificate({
      ...validity,
      profile: certificateProfile(ca.profile, validityDays),
      serialNumber,
      issuer: issuerOf(issuer.certificate, issuer.key),
      subject,
      subjectAlternativeNames,
      publicKeyInfo,
      urls: authorityUrls(this.publicUrl.current, ca.id),
    });
    lintBeforeSigning(tbs, issuer.certificate);
    const id = uuidv7(now);
    const subjectText = formatName(subject);
    const row: Certificate = {
      ...validity,
      id,
      tenantId,
      kid: uuidv4(),
      caId: ca.id,
      serviceId,
      state: 'issuing',
      serialNumber,
      subject: subjectText,
      commonNameSearch: searchable(commonNameOf(subject), COMMON_NAME_LENGTH_MAX),
      subjectSearch: searchable(subjectText, SUBJECT_LENGTH_MAX),
      issuer: ca.subject,
      san: subjectAlternativeNames.map(({ value }) => value),
      keyAlgorithm: grant.publicKey.name,
      publicKeyHash: publicKeyFingerprint(publicKeyInfo),
      tbsHash: hash('sha256', tbs, 'hex'),
      certificatePem: null,
      contacts: grant.contacts,
      replaces: grant.predecessor?.kid ?? null,
      replacedBy: null,
      revocationReason: null,
      revokedAt: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    const names = row.san.map((name): CertificateName => ({
      id: uuidv7(now),
      tenantId,
      certificateId: id,
      nameSearch: searchable(name, NAME_LENGTH_MAX),
    }));
    const contacts = newContacts({ tenantId, now }, { type: 'certificate', id }, grant.contacts);
    const { caId, kid, tbsHash: tbsSha256 } = row;
    const event = certificateEvents.intended(id, { kid, details: { caId, serialNumber, tbsSha256 } });
    return {
      basis,
      inserts: [{ entity: Certificate, rows: [row] }, { entity: CertificateName, rows: names }, contacts],
      finish: () => ({ result: { row, tbs, grant }, events: [event] }),
    };
  }

  /**
   * The certificate in the inventory, under what holds now: of its caller, its authority and its key.
   * @param intended its row as it is known
   */
  private async complete(
    scope: TenantScope,
    { grant }: Intent,
    intended: Certificate,
    der: Buffer,
  ): Promise<PreparedWork<IssuedCertificate>> {
    const { tenantId } = scope;
    const { caId, serviceId, subject, san, serialNumber, contacts, notAfter, replaces, publicKeyHash } = intended;
    const present = await this.callers.present(scope);
    const { value: issuer, basis } = await this.issuers.issuer(tenantId, { caId, serviceId });
    // A report of a key of this tenant raises the number of its configuration before it looks for certificates of the key.
    if (await this.facts.isCompromised(publicKeyHash)) throw compromisedKey();
    const { profile } = issuer.authorities[0];
    const kid = profile.kid === 'uuid' ? intended.kid : certificateKid(profile.kid, der);
    const set = { kid, certificatePem: toPem('CERTIFICATE', der) };
    const content = {
      after: {
        kid,
        subject,
        san,
        serialNumber,
        caId,
        serviceId,
        contacts: contacts ?? [],
        notAfter,
        replaces,
        sha256: hash('sha256', der, 'hex'),
      },
    };
    const activated = (now: EpochMilliseconds) =>
      knownTransition(Certificate, intended, certificateLifecycle.event.activate, now, { set, content });
    const replacement = await this.replacement(scope, grant.predecessor, kid);
    return {
      basis: bothOf(present.basis, basis),
      changes: (now) => [activated(now).change, ...(replacement ? [replacement(now).change] : [])],
      finish: ({ now }) => {
        const { row: certificate, events } = activated(now);
        const result = { certificate, chain: issuer.chain, ignored: grant.ignored };
        return { result, events: [...events, ...(replacement ? [replacement(now).event] : [])] };
      },
    };
  }

  /** @throws WRONG_STATE, CERTIFICATE_REPLACED */
  private async replacement(
    scope: TenantScope,
    predecessor: Predecessor | undefined,
    kid: string,
  ): Promise<((now: EpochMilliseconds) => Replacement) | undefined> {
    if (predecessor === undefined) return undefined;
    const replaced = await this.database.read(scope, async (view) => {
      const row = await view.get(Certificate, { kid: predecessor.kid });
      predecessor.require(row, view.now);
      return row;
    });
    return (now) => ({
      change: knownChange(Certificate, replaced, { replacedBy: kid, updatedAt: now }),
      event: certificateEvents.renewed(replaced.id, { kid: replaced.kid, details: { successor: kid } }),
    });
  }
}

const commonNameOf = (subject: readonly NameAttribute[]): string =>
  subject.find(({ type }) => type === 'commonName')?.value ?? '';
