import { DAY, type EpochMilliseconds, MINUTE } from '#core';
import type { BasicConstraints, NameConstraints } from './extensions.js';
import type { ExtendedKeyUsage, KeyUsage } from '#asn1';

/** Everything in a certificate that does not come from a request: what it may be used for, and for how long. */
export interface CertificateProfile {
  readonly basicConstraints: BasicConstraints;
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly nameConstraints?: NameConstraints;
  /** RFC 6960 §4.2.2.2.1: the revocation status of the responder's own certificate is not checked. */
  readonly ocspNoCheck: boolean;
  readonly validityDays: number;
}

export const LEAF_VALIDITY_DAYS_DEFAULT = 365;
/** A certificate that outlives ten years outlives its algorithms too. */
export const AUTHORITY_VALIDITY_DAYS_DEFAULT = 3_650;
const OCSP_SIGNER_VALIDITY_DAYS = 30;

/** The purposes that an authority may give: those whose certificates need no more than this product writes into them. */
export const LEAF_EXTENDED_KEY_USAGES = [
  'clientAuth',
  'serverAuth',
  'emailProtection',
  'codeSigning',
] as const satisfies readonly ExtendedKeyUsage[];
export type LeafExtendedKeyUsage = (typeof LEAF_EXTENDED_KEY_USAGES)[number];
export const LEAF_EXTENDED_KEY_USAGE_DEFAULT: readonly LeafExtendedKeyUsage[] = ['clientAuth'];

/** The certificate of a service or person: it signs, authenticates for the purposes that are given, and issues nothing. */
export const leafProfile = (
  validityDays: number = LEAF_VALIDITY_DAYS_DEFAULT,
  extendedKeyUsage: readonly LeafExtendedKeyUsage[] = LEAF_EXTENDED_KEY_USAGE_DEFAULT,
): CertificateProfile => ({
  basicConstraints: { ca: false },
  keyUsage: ['digitalSignature'],
  extendedKeyUsage,
  ocspNoCheck: false,
  validityDays,
});

/** The certificate of a root or an intermediate: it signs certificates and CRLs, nothing else (RFC 5280 §4.2.1.3). */
export const authorityProfile = ({
  validityDays = AUTHORITY_VALIDITY_DAYS_DEFAULT,
  pathLength,
  nameConstraints,
}: {
  readonly validityDays?: number;
  readonly pathLength?: number;
  readonly nameConstraints?: NameConstraints;
} = {}): CertificateProfile => ({
  basicConstraints: { ca: true, ...(pathLength === undefined ? {} : { pathLength }) },
  keyUsage: ['keyCertSign', 'cRLSign'],
  extendedKeyUsage: [],
  ...(nameConstraints && { nameConstraints }),
  ocspNoCheck: false,
  validityDays,
});

/** The delegated OCSP signer of an authority (RFC 6960 §4.2.2.2): short-lived, because its revocation is not asked for. */
export const ocspSignerProfile = (validityDays: number = OCSP_SIGNER_VALIDITY_DAYS): CertificateProfile => ({
  basicConstraints: { ca: false },
  keyUsage: ['digitalSignature'],
  extendedKeyUsage: ['ocspSigning'],
  ocspNoCheck: true,
  validityDays,
});

export interface Validity {
  readonly notBefore: EpochMilliseconds;
  readonly notAfter: EpochMilliseconds;
}

/**
 * From one minute ago, for clocks that are behind, in whole seconds, and never longer than the issuer's own certificate.
 * `issuer` is absent for a root.
 */
export function validityFrom(now: EpochMilliseconds, validityDays: number, issuer?: Validity): Validity {
  const wholeSeconds = (instant: EpochMilliseconds): EpochMilliseconds => Math.floor(instant / 1000) * 1000;
  return {
    notBefore: Math.max(wholeSeconds(now - MINUTE), issuer?.notBefore ?? 0),
    notAfter: Math.min(wholeSeconds(now + validityDays * DAY), issuer?.notAfter ?? Number.MAX_SAFE_INTEGER),
  };
}
