import type { DomainError, ErrorFactory, TenantScope } from '#core';
import { keyFileErrors, publicKeyFingerprint } from '#crypto';
import {
  type CertificateRequest,
  type Finding,
  type GeneralName,
  type NameConstraints,
  type PolicyCategory,
  checkRequest,
  parseCertificateRequest,
  refusalCode,
  requestedNames,
} from '#pki';

import type { Certificate, CertificateAuthority } from './entities.js';
import { certificateErrors } from './errors.js';
import type { InstallationFacts } from './installation-facts.js';
import { certificateProfile } from './issuing-profile.js';

/** What a request is checked against. */
export interface Situation {
  /** The authority that is to sign, and those above it. */
  readonly authorities: readonly [CertificateAuthority, ...CertificateAuthority[]];
  /** Those of all certificates above the requested one. */
  readonly nameConstraints: readonly NameConstraints[];
  readonly additionalNames: readonly GeneralName[];
  /** Of the tenant's settings, see `allowedDnsNames`. */
  readonly allowedDnsNames: readonly string[];
  /** The certificate that is renewed: its key may be the same. */
  readonly renews?: Certificate | undefined;
  /** Objections of the use-case itself. */
  readonly objections?: readonly Finding[] | undefined;
}

/** @throws INVALID_CSR for what is no request at all */
export function readRequest(csr: string): CertificateRequest {
  const parsed = parseCertificateRequest(csr);
  if (parsed.ok) return parsed.value;
  const errors = [{ pointer: '/csr', code: parsed.reason, detail: parsed.detail }];
  throw certificateErrors.INVALID_CSR({ detail: parsed.detail, errors });
}

/** Holds every rule against a request. @throws INVALID_CSR, WEAK_KEY, POLICY_VIOLATION with each objection */
export async function requireAcceptable(
  facts: InstallationFacts,
  scope: TenantScope,
  request: CertificateRequest,
  situation: Situation,
): Promise<void> {
  const { authorities, nameConstraints, additionalNames, allowedDnsNames, renews, objections = [] } = situation;
  const { profile } = authorities[0];
  const publicKeyHash = publicKeyFingerprint(request.publicKeyInfo);
  const [keyStatus, foreignNames] = await Promise.all([
    facts.keyStatus(scope, publicKeyHash, { reuse: profile.keyReuse, renews }),
    facts.foreignNames(scope, requestedNames(request, additionalNames)),
  ]);
  const findings = checkRequest({
    request,
    additionalNames,
    policy: profile.names,
    allowedDnsNames,
    extendedKeyUsage: certificateProfile(profile).extendedKeyUsage,
    keyStatus,
    foreignNames,
    nameConstraints,
  });
  if (findings.length + objections.length > 0) throw refusal([...findings, ...objections]);
}

export function compromisedKey(): DomainError {
  const detail = 'The key was reported as compromised; send a request with a new one';
  return refusal([{ code: 'CSR_KEY_COMPROMISED', detail, citation: 'CA/B Forum BR §6.1.1.3' }]);
}

const REFUSALS: Readonly<Record<PolicyCategory, ErrorFactory>> = {
  ...certificateErrors,
  WEAK_KEY: keyFileErrors.WEAK_KEY,
};

/** All objections in one refusal, each once and by the code of its rule. */
export function refusal(raised: readonly Finding[]): DomainError {
  const findings = [...new Map(raised.map((finding) => [`${finding.code} ${finding.detail}`, finding])).values()];
  const errors = findings.map(({ code, detail, citation }) => ({
    pointer: '/csr',
    code,
    detail: `${detail} (${citation})`,
  }));
  const detail = findings.length === 1 ? findings[0]!.detail : `There are ${findings.length} objections`;
  return REFUSALS[refusalCode(findings)]({ detail, errors });
}
