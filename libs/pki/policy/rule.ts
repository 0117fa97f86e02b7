import type { CertificateRequest } from '../x509/csr.js';
import type { NameConstraints } from '../x509/extensions.js';
import type { AttributeName, GeneralName, GeneralNameKind } from '../x509/names.js';
import type { ExtendedKeyUsage } from '#asn1';

/** Which names an issuer certifies. */
export interface NamePolicy {
  /** Attributes that the subject may have besides its one common name. */
  readonly subjectAttributes: readonly AttributeName[];
  readonly sanKinds: readonly GeneralNameKind[];
  readonly wildcards: boolean;
  /** Whether the first alternative name becomes the common name of a request that has none. */
  readonly commonNameFromSan?: boolean;
  /** Where it is given, every DNS name is one of these domains or lies below one, whatever the tenant's settings say. */
  readonly domains?: readonly string[];
  /** Networks in CIDR notation: where they are given, every IP address lies in one of them. */
  readonly networks?: readonly string[];
}

export const NAME_POLICY_DEFAULT: NamePolicy = { subjectAttributes: [], sanKinds: ['dns'], wildcards: false };

/** What the inventory knows about the key of a request. */
export interface KeyStatus {
  readonly ofAuthority: boolean;
  readonly ofAnotherTenant: boolean;
  readonly compromised: boolean;
  /** Another live certificate of the tenant has this key; `false` for a renewal with the same key. */
  readonly inUse: boolean;
}

/** Everything that a policy rule may look at. */
export interface PolicyFacts {
  readonly request: CertificateRequest;
  /** Names that were asked for beside the request, in the call. */
  readonly additionalNames: readonly GeneralName[];
  readonly policy: NamePolicy;
  /** Patterns of the DNS names that the tenant's settings permit: they count where the policy names no domains. */
  readonly allowedDnsNames: readonly string[];
  /** Of the profile; a request may ask for these and no others. */
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly keyStatus: KeyStatus;
  /** Those of `requestedNames` that belong to another tenant. */
  readonly foreignNames: readonly string[];
  /** Of every authority up to the root (RFC 5280 §6.1.4 g). */
  readonly nameConstraints: readonly NameConstraints[];
}

/** What the rules of names look at: they hold before there is a request, too. */
export interface NameFacts extends Omit<PolicyFacts, 'request' | 'extendedKeyUsage' | 'keyStatus'> {
  readonly request: Pick<CertificateRequest, 'subject' | 'subjectAlternativeNames'>;
}

/** What a request is refused as: not acceptable as such, a bad key, or against the issuer's policy. */
export type PolicyCategory = 'INVALID_CSR' | 'WEAK_KEY' | 'POLICY_VIOLATION';

/** One reason to refuse a request. */
export interface PolicyRule {
  readonly code: string;
  readonly title: string;
  readonly citation: string;
  readonly category: PolicyCategory;
  /** Each objection in words for the requester; none where the rule holds. */
  readonly objections: (facts: PolicyFacts) => readonly string[];
}

/** A rule of names. */
export interface NameRule extends Omit<PolicyRule, 'objections'> {
  readonly objections: (facts: NameFacts) => readonly string[];
}

/** One objection, by the rule that raised it. */
export interface Finding {
  readonly code: string;
  readonly detail: string;
  readonly citation: string;
}

export const objectIf = (broken: boolean, objection: string): readonly string[] => (broken ? [objection] : []);
