import { hash } from 'node:crypto';
import { isIP } from 'node:net';

import { Injectable } from '@nestjs/common';

import { PublicUrl } from '#config';
import { normalContacts, writeContacts } from '#contacts';

import { DomainError, type TenantScope, coreErrors, platformScope, selfDeciding } from '#core';
import { CpuQueue, type PublicKeyFacts, type SigningHalf, publicKeyFingerprint, uuidv4, uuidv7 } from '#crypto';
import { type Committed, Database, type Tx, withoutCompletion } from '#database';
import { isCompromisedByNow } from '#keys';
import { toPem } from '#asn1';
import {
  type AttributeName,
  type Finding,
  type GeneralName,
  type IgnoredPart,
  type NameAttribute,
  type ParsedCertificate,
  buildTbsCertificate,
  certificateKid,
  certifiedNames,
  checkNames,
  formatName,
  ignoredParts,
  issuerOf,
  objectionsToDnsNames,
  randomSerialNumber,
  signCertificate,
  validityFrom,
} from '#pki';
import { namesOfOtherTenants } from '#tenants';

import { authorityUrls } from './authority-urls.js';
import { allowedDnsNames } from './allowed-dns-names.js';
import { AuthorityKeys } from './authority-keys.service.js';
import { CertificateAuthorities } from './authorities.service.js';
import { COMMON_NAME_LENGTH_MAX, NAME_LENGTH_MAX, SUBJECT_LENGTH_MAX, searchable } from './certificate-filter.js';
import { Crls } from './crls.service.js';
import { type Situation, readRequest, refusal, requireAcceptable, keyStatusOf } from './csr-policy.js';
import { Certificate, type CertificateAuthority, CertificateName } from './entities.js';
import { certificateErrors } from './errors.js';
import { certificateEvents } from './events.js';
import { certificateProfile, grantedDays } from './issuing-profile.js';
import { certificateLifecycle, certificateStateAt } from './lifecycle.js';
import { recordingLintFailure, lintBeforeSigning } from './pre-sign-lint.js';
import { abandon } from './status-change.js';
import { readStored } from './stored-certificate.js';

/** What a request asks for. */
export interface CertificateCall {
  /** PKCS#10 in PEM. */
  readonly csr: string;
  /** The tenant's default authority where none is named. */
  readonly caId?: string | undefined;
  /** The service that the certificate belongs to. */
  readonly serviceId?: string | undefined;
  readonly validityDays?: number | undefined;
  /** Alternative names beside those of the request. */
  readonly san?: readonly string[] | undefined;
  /** E-mail addresses of who is told about it. */
  readonly contacts?: readonly string[] | undefined;
  /** `kid` of a certificate of the same service and authority, also a revoked one, that it takes the place of. */
  readonly replaces?: string | undefined;
}

export interface Renewal {
  /** With a new key, or the same one; absent: the same key. */
  readonly csr?: string | undefined;
  readonly validityDays?: number | undefined;
}

export interface IssuedCertificate {
  readonly certificate: Certificate;
  /** PEM of the issuers, nearest first. */
  readonly chain: string;
  /** What of the request is not in the certificate. */
  readonly ignored: readonly IgnoredPart[];
}

type Granted = Omit<IssuedCertificate, 'ignored'>;

/** The certificate that a new one takes the place of. */
interface Predecessor {
  readonly kid: string;
  /** Held against it again where the successor is stored. @throws WRONG_STATE, CERTIFICATE_REPLACED */
  require(row: Certificate, now: number): void;
}

/** What will be certified, once every check has passed. */
interface Grant {
  readonly caId: string;
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
  readonly id: string;
  readonly caId: string;
  readonly tbs: Buffer;
  readonly issuerKey: SigningHalf;
  readonly predecessor: Predecessor | undefined;
}

/**
 * From a request to a certificate, in three steps: what will be signed is put on record and committed; it is signed; the
 * certificate is stored and only then given away. So no certificate exists that the inventory does not know, and what a
 * crash leaves between the steps is found and revoked by `UnfinishedIssuance`.
 */
@Injectable()
export class Issuance {
  constructor(
    private readonly database: Database,
    private readonly authorities: CertificateAuthorities,
    private readonly keys: AuthorityKeys,
    private readonly crls: Crls,
    private readonly publicUrl: PublicUrl,
    private readonly cpu: CpuQueue,
  ) {}

  /**
   * @throws INVALID_CSR, WEAK_KEY, POLICY_VIOLATION with every objection; NOT_FOUND (authority, service), CA_NOT_USABLE,
   * NO_CERTIFICATE_AUTHORITY, VALIDATION_ERROR (validity), CERTIFICATE_REPLACED, LINT_FAILED, BUSY, AUDIT_UNAVAILABLE;
   * KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for an authority in a key store
   */
  async issue(scope: TenantScope, call: CertificateCall): Promise<Committed<IssuedCertificate>> {
    const request = readRequest(call.csr);
    const additionalNames = (call.san ?? []).map(generalNameOf);
    const issuer = await this.issuer(scope, call.caId, call.serviceId ?? null);
    const [ca] = issuer.authorities;
    const predecessor = await this.predecessor(scope, call, ca.id);
    const validityDays = grantedDays(ca.profile, call.validityDays);
    await requireAcceptable(this.database, scope, request, { ...issuer, additionalNames });
    const { publicKeyInfo, publicKey } = request;
    return this.grant(scope, ca, {
      ...certifiedNames(request, additionalNames, ca.profile.names),
      caId: ca.id,
      serviceId: call.serviceId ?? null,
      contacts: normalContacts(call.contacts ?? []),
      publicKeyInfo,
      publicKey,
      validityDays,
      predecessor,
      ignored: ignoredParts(request, certificateProfile(ca.profile)),
    });
  }

  /**
   * A successor with the same names and, unless a request brings another, the same key.
   * @param serviceId the service that asks for itself: it can renew its own certificates only
   * @throws as `issue`, and NOT_FOUND, WRONG_STATE (revoked, on hold), CERTIFICATE_REPLACED
   */
  async renew(
    scope: TenantScope,
    kid: string,
    renewal: Renewal,
    serviceId?: string,
  ): Promise<Committed<IssuedCertificate>> {
    const renews = await this.database.read(scope, async (view) => {
      const row = await view.get(Certificate, { kid, ...(serviceId === undefined ? {} : { serviceId }) });
      requireRenewable(row, view.now);
      return row;
    });
    const issuer = await this.issuer(scope, renews.caId, renews.serviceId);
    const [ca] = issuer.authorities;
    const validityDays = grantedDays(ca.profile, renewal.validityDays);
    const stored = readStored(renews);
    const names = namesIn(stored);
    const withdrawn = withdrawnNames(names, ca, issuer.allowedDnsNames);
    const { serviceId: owner, contacts } = renews;
    const predecessor = { kid: renews.kid, require: requireRenewable };
    const shared = { ...names, caId: ca.id, serviceId: owner, contacts: contacts ?? [], validityDays, predecessor };
    if (renewal.csr === undefined) {
      if (withdrawn.length > 0) throw refusal(withdrawn);
      await this.requireSoundKey(scope, renews);
      const { publicKeyInfo, publicKey } = stored;
      return this.grant(scope, ca, { ...shared, publicKeyInfo, publicKey, ignored: [] });
    }
    const request = readRequest(renewal.csr);
    const asked = certifiedNames(request, [], ca.profile.names);
    const objections = [...changedNames(asked, names), ...withdrawn];
    await requireAcceptable(this.database, scope, request, { ...issuer, additionalNames: [], renews, objections });
    const { publicKeyInfo, publicKey } = request;
    const ignored = ignoredParts(request, certificateProfile(ca.profile));
    return this.grant(scope, ca, { ...shared, publicKeyInfo, publicKey, ignored });
  }

  /**
   * Why a DNS name or an IP address cannot be in a certificate of the authority for the service, before there is a request; empty
   * where it can. An address can where the profile names networks, and it lies in one of them.
   * @throws NOT_FOUND (authority, service), CA_NOT_USABLE
   */
  async objectionsTo(
    scope: TenantScope,
    { caId, serviceId }: { readonly caId: string; readonly serviceId: string },
    names: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const { authorities, allowedDnsNames: allowed } = await this.issuer(scope, caId, serviceId);
    const foreignNames = await this.database.readPlatform(platformScope(scope), (view) =>
      namesOfOtherTenants(view, scope.tenantId, names),
    );
    const facts = {
      policy: { networks: [], ...authorities[0].profile.names },
      allowedDnsNames: allowed,
      nameConstraints: authorities.flatMap(({ nameConstraints }) => nameConstraints ?? []),
    };
    return new Map(
      names.map((value) => {
        const own = foreignNames.filter((name) => name === value);
        const findings = checkNames([{ kind: isIP(value) === 0 ? 'dns' : 'ip', value }], {
          ...facts,
          foreignNames: own,
        });
        return [value, findings.map(({ detail }) => detail)];
      }),
    );
  }

  private async grant(
    scope: TenantScope,
    ca: CertificateAuthority,
    grant: Grant,
  ): Promise<Committed<IssuedCertificate>> {
    await this.keys.requireAnswer(ca);
    const intent = await recordingLintFailure(this.database, scope, grant.caId, () =>
      this.database.transaction(withoutCompletion(scope), (tx) => this.intend(tx, grant)),
    );
    const { tbs, issuerKey } = intent;
    const der = await this.cpu
      .signWith({ group: scope.tenantId }, issuerKey, () => signCertificate(tbs, issuerKey))
      .catch(async (error: unknown) => {
        await this.abandonIntent(scope, intent);
        throw error;
      });
    try {
      // Its whole result is what is answered, and stored for a repetition of the request.
      return await this.database.transaction(scope, async (tx) => ({
        ...(await this.complete(tx, intent, der)),
        ignored: grant.ignored,
      }));
    } catch (error) {
      // A refusal is final; where the database failed, the sweep does this later.
      if (error instanceof DomainError && error.kind !== 'unavailable') await this.abandonIntent(scope, intent);
      throw error;
    }
  }

  /** Also where the caller has lost its right meanwhile. */
  private async abandonIntent(scope: TenantScope, { id }: Intent): Promise<void> {
    await this.database.transaction(selfDeciding(scope), (tx) => abandon(tx, this.crls, id));
  }

  private async intend(tx: Tx, grant: Grant): Promise<Intent> {
    const { caId, serviceId, subject, subjectAlternativeNames, publicKeyInfo, validityDays, predecessor } = grant;
    const { now } = tx;
    const ca = await this.authorities.issuing(tx, caId);
    // The settings can have been narrowed since the request was read, and for an order long after its names were proven.
    const withdrawn = withdrawnNames({ subject, subjectAlternativeNames }, ca, await allowedDnsNames(tx, serviceId));
    if (withdrawn.length > 0) throw refusal(withdrawn);
    const issuerKey = await this.keys.authorityKey(tx, ca);
    const authority = readStored(ca);
    const serialNumber = randomSerialNumber();
    const validity = validityFrom(now, validityDays, ca);
    const tbs = buildTbsCertificate({
      ...validity,
      profile: certificateProfile(ca.profile, validityDays),
      serialNumber,
      issuer: issuerOf(authority, issuerKey),
      subject,
      subjectAlternativeNames,
      publicKeyInfo,
      urls: authorityUrls(this.publicUrl.current, ca.id),
    });
    lintBeforeSigning(tbs, authority);
    const id = uuidv7(now);
    const { tenantId } = tx.scope;
    const kid = uuidv4();
    const subjectText = formatName(subject);
    const tbsHash = hash('sha256', tbs, 'hex');
    const row: Certificate = {
      ...validity,
      id,
      tenantId,
      kid,
      caId,
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
      tbsHash,
      certificatePem: null,
      contacts: grant.contacts,
      replaces: predecessor?.kid ?? null,
      replacedBy: null,
      revocationReason: null,
      revokedAt: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    await tx.insert(Certificate, row);
    await writeContacts(tx, { type: 'certificate', id }, grant.contacts);
    for (const name of row.san) {
      const nameSearch = searchable(name, NAME_LENGTH_MAX);
      await tx.insert(CertificateName, { id: uuidv7(now), tenantId, certificateId: id, nameSearch });
    }
    const details = { caId, serialNumber, tbsSha256: tbsHash };
    tx.record(certificateEvents.intended(id, { kid, details }));
    return { id, caId, tbs, issuerKey, predecessor };
  }

  private async complete(tx: Tx, { id, caId, predecessor }: Intent, der: Buffer): Promise<Granted> {
    const { now } = tx;
    const ca = await this.authorities.lockUsable(tx, caId);
    // A compromise that is reported from now on waits for this row, and then finds it.
    const intended = await tx.lock(Certificate, { id });
    if (await isCompromisedByNow(tx, intended.publicKeyHash)) throw compromisedKey();
    const kid = ca.profile.kid === 'uuid' ? intended.kid : certificateKid(ca.profile.kid, der);
    const certificatePem = toPem('CERTIFICATE', der);
    const { subject, san, serialNumber, serviceId, contacts, notAfter, replaces } = intended;
    const sha256 = hash('sha256', der, 'hex');
    const certificate = await tx.transition(Certificate, intended, certificateLifecycle.event.activate, {
      set: { kid, certificatePem },
      content: {
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
          sha256,
        },
      },
    });
    if (predecessor !== undefined) {
      const replaced = await tx.lock(Certificate, { kid: predecessor.kid });
      predecessor.require(replaced, now);
      await tx.update(Certificate, { id: replaced.id }, { replacedBy: kid, updatedAt: now });
      tx.record(certificateEvents.renewed(replaced.id, { kid: replaced.kid, details: { successor: kid } }));
    }
    return { certificate, chain: await this.authorities.chainFrom(tx, ca) };
  }

  /** @throws NOT_FOUND, CERTIFICATE_REPLACED */
  private async predecessor(
    scope: TenantScope,
    { replaces, serviceId }: CertificateCall,
    caId: string,
  ): Promise<Predecessor | undefined> {
    if (replaces === undefined) return undefined;
    const where = { kid: replaces, caId, ...(serviceId === undefined ? {} : { serviceId }) };
    requireUnreplaced(await this.database.read(scope, (view) => view.get(Certificate, where)));
    return { kid: replaces, require: requireUnreplaced };
  }

  /** The authority that is to sign and those above it, and the names that the tenant lets it certify. */
  private async issuer(
    scope: TenantScope,
    caId: string | undefined,
    serviceId: string | null,
  ): Promise<Pick<Situation, 'authorities' | 'allowedDnsNames'>> {
    return this.database.read(scope, async (view) => {
      const ca = await this.authorities.issuing(view, caId);
      return {
        authorities: [ca, ...(await this.authorities.ancestorsOf(view, ca))],
        allowedDnsNames: await allowedDnsNames(view, serviceId),
      };
    });
  }

  /** A key that leaked since is not certified once more. */
  private async requireSoundKey(scope: TenantScope, { publicKeyHash }: Certificate): Promise<void> {
    const { compromised } = await this.database.readPlatform(platformScope(scope), (view) =>
      keyStatusOf(view, scope.tenantId, publicKeyHash, { reuse: true }),
    );
    if (compromised) throw compromisedKey();
  }
}

function compromisedKey(): Error {
  const detail = 'The key was reported as compromised; send a request with a new one';
  return refusal([{ code: 'CSR_KEY_COMPROMISED', detail, citation: 'CA/B Forum BR §6.1.1.3' }]);
}

function requireRenewable(row: Certificate, now: number): void {
  const state = certificateStateAt(row, now);
  if (state !== 'active' && state !== 'expired')
    throw coreErrors.WRONG_STATE(`A certificate that is ${state} is not renewed`);
  requireUnreplaced(row);
}

function requireUnreplaced(row: Certificate): void {
  if (row.replacedBy !== null) throw certificateErrors.CERTIFICATE_REPLACED(`Its successor is ${row.replacedBy}`);
}

type Names = Pick<Grant, 'subject' | 'subjectAlternativeNames'>;

/** The names of a certificate of ours: it has no attributes that we do not know. */
const namesIn = ({ subject, subjectAlternativeNames }: ParsedCertificate): Names => ({
  subject: subject.map(({ type, value }) => ({ type: type as AttributeName, value })),
  subjectAlternativeNames: [...subjectAlternativeNames],
});

/** A renewal keeps its names; a request may repeat them, all or some, and no others. */
function changedNames(asked: Names, before: Names): Finding[] {
  const known = new Set(before.subjectAlternativeNames.map(({ kind, value }) => `${kind}:${value}`));
  const added = asked.subjectAlternativeNames.filter(({ kind, value }) => !known.has(`${kind}:${value}`));
  const same = formatName(asked.subject) === formatName(before.subject) && added.length === 0;
  const detail = 'A renewal keeps the names; ask for a new certificate to change them';
  return same ? [] : [{ code: 'CSR_NAMES_CHANGED', detail, citation: 'RFC 4211 §6.5' }];
}

/** Names that the authority and the settings of the tenant do not permit now. */
const withdrawnNames = (names: Names, { profile }: CertificateAuthority, allowed: readonly string[]): Finding[] =>
  objectionsToDnsNames(names, profile.names, allowed).map((detail) => ({
    code: 'CSR_DOMAIN_NOT_ALLOWED',
    detail,
    citation: 'CA/B Forum BR §3.2.2.4',
  }));

const commonNameOf = (subject: readonly NameAttribute[]): string =>
  subject.find(({ type }) => type === 'commonName')?.value ?? '';

/** What kind of alternative name a text is by its form; whether the kind is permitted is for the policy to say. */
function generalNameOf(value: string): GeneralName {
  if (isIP(value) !== 0) return { kind: 'ip', value };
  if (value.includes('://')) return { kind: 'uri', value };
  return { kind: value.includes('@') ? 'email' : 'dns', value };
}
