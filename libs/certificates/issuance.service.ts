import { isIP } from 'node:net';

import { Injectable } from '@nestjs/common';

import { normalContacts } from '#contacts';
import { type TenantScope, coreErrors } from '#core';
import { type Committed, Database } from '#database';
import {
  type AttributeName,
  type CertificateRequest,
  type Finding,
  type GeneralName,
  type ParsedCertificate,
  certifiedNames,
  checkNames,
  formatName,
  ignoredParts,
  objectionsToDnsNames,
} from '#pki';

import { Certification, type Grant, type IssuedCertificate, type Predecessor } from './certification.service.js';
import { compromisedKey, readRequest, refusal, requireAcceptable } from './csr-policy.js';
import { Certificate, type CertificateAuthority } from './entities.js';
import { certificateErrors } from './errors.js';
import { InstallationFacts } from './installation-facts.js';
import { IssuerDirectory } from './issuer-directory.js';
import { certificateProfile, grantedDays } from './issuing-profile.js';
import { certificateStateAt } from './lifecycle.js';
import { readStored } from './stored-certificate.js';

/** What a request asks for. */
interface CertificateCall {
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

/** Decides what is certified: by a request, or by the certificate that is renewed. `Certification` does it. */
@Injectable()
export class Issuance {
  constructor(
    private readonly database: Database,
    private readonly issuers: IssuerDirectory,
    private readonly facts: InstallationFacts,
    private readonly certification: Certification,
  ) {}

  /**
   * @throws INVALID_CSR, WEAK_KEY, POLICY_VIOLATION with every objection; NOT_FOUND (authority, service), CA_NOT_USABLE,
   * NO_CERTIFICATE_AUTHORITY, VALIDATION_ERROR (validity), CERTIFICATE_REPLACED, LINT_FAILED, BUSY, AUDIT_UNAVAILABLE;
   * KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for an authority in a key store
   */
  async issue(scope: TenantScope, call: CertificateCall): Promise<Committed<IssuedCertificate>> {
    const request = readRequest(call.csr);
    const additionalNames = (call.san ?? []).map(generalNameOf);
    const { publicKeyInfo, publicKey } = request;
    const { caId, serviceId = null } = call;
    return this.certification.certify(scope, async (): Promise<Grant> => {
      const { value: issuer, basis } = await this.issuers.issuer(scope.tenantId, { caId, serviceId });
      const [ca] = issuer.authorities;
      const predecessor = await this.predecessor(scope, call, ca.id);
      const validityDays = grantedDays(ca.profile, call.validityDays);
      await requireAcceptable(this.facts, scope, request, { ...issuer, additionalNames });
      return {
        ...certifiedNames(request, additionalNames, ca.profile.names),
        issuer,
        basis,
        serviceId,
        contacts: normalContacts(call.contacts ?? []),
        publicKeyInfo,
        publicKey,
        validityDays,
        predecessor,
        ignored: ignoredParts(request, certificateProfile(ca.profile)),
      };
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
    const request = renewal.csr === undefined ? undefined : readRequest(renewal.csr);
    return this.certification.certify(scope, () => this.renewed(scope, kid, request, renewal, serviceId));
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
    const { tenantId } = scope;
    const known = await this.database.confirming(tenantId, () => this.issuers.issuer(tenantId, { caId, serviceId }));
    const { authorities, allowedDnsNames: allowed, nameConstraints } = known.value;
    const foreignNames = await this.facts.foreignNames(scope, names);
    const facts = {
      policy: { networks: [], ...authorities[0].profile.names },
      allowedDnsNames: allowed,
      nameConstraints,
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

  /** What a renewal certifies. */
  private async renewed(
    scope: TenantScope,
    kid: string,
    request: CertificateRequest | undefined,
    renewal: Renewal,
    ofService: string | undefined,
  ): Promise<Grant> {
    const renews = await this.database.read(scope, async (view) => {
      const row = await view.get(Certificate, { kid, ...(ofService === undefined ? {} : { serviceId: ofService }) });
      requireRenewable(row, view.now);
      return row;
    });
    const { caId, serviceId, contacts } = renews;
    const { value: issuer, basis } = await this.issuers.issuer(scope.tenantId, { caId, serviceId });
    const [ca] = issuer.authorities;
    const validityDays = grantedDays(ca.profile, renewal.validityDays);
    const stored = readStored(renews);
    const names = namesIn(stored);
    const withdrawn = withdrawnNames(names, ca, issuer.allowedDnsNames);
    const predecessor = { kid: renews.kid, require: requireRenewable };
    const shared = { ...names, issuer, basis, serviceId, contacts: contacts ?? [], validityDays, predecessor };
    if (request === undefined) {
      if (withdrawn.length > 0) throw refusal(withdrawn);
      // A key that leaked since is not certified once more.
      if (await this.facts.isCompromised(renews.publicKeyHash)) throw compromisedKey();
      const { publicKeyInfo, publicKey } = stored;
      return { ...shared, publicKeyInfo, publicKey, ignored: [] };
    }
    const asked = certifiedNames(request, [], ca.profile.names);
    const objections = [...changedNames(asked, names), ...withdrawn];
    await requireAcceptable(this.facts, scope, request, { ...issuer, additionalNames: [], renews, objections });
    const { publicKeyInfo, publicKey } = request;
    const ignored = ignoredParts(request, certificateProfile(ca.profile));
    return { ...shared, publicKeyInfo, publicKey, ignored };
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

/** What kind of alternative name a text is by its form; whether the kind is permitted is for the policy to say. */
function generalNameOf(value: string): GeneralName {
  if (isIP(value) !== 0) return { kind: 'ip', value };
  if (value.includes('://')) return { kind: 'uri', value };
  return { kind: value.includes('@') ? 'email' : 'dns', value };
}
