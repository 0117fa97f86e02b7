import { type InputError, coreErrors } from '#core';
import {
  type CertificateKidKind,
  type CertificateProfile,
  LEAF_EXTENDED_KEY_USAGE_DEFAULT,
  LEAF_VALIDITY_DAYS_DEFAULT,
  type LeafExtendedKeyUsage,
  NAME_POLICY_DEFAULT,
  type NamePolicy,
  leafProfile,
} from '#pki';
import { requireCidrs } from '#tenants';

/** The profile of the certificates of an authority. */
export interface IssuingProfile {
  readonly kid: CertificateKidKind;
  /** Validity of a certificate if the request does not set one. */
  readonly validityDays: number;
  readonly validityDaysMax: number;
  readonly names: NamePolicy;
  /** The purposes of its certificates (RFC 5280 §4.2.1.12); absent in authorities that are older than this setting. */
  readonly extendedKeyUsage?: readonly LeafExtendedKeyUsage[];
  /** Whether a key may have several valid certificates; renewing with the same key is always permitted. */
  readonly keyReuse: boolean;
}

export type IssuingProfileRequest = {
  readonly [Member in keyof Omit<IssuingProfile, 'names'>]?: IssuingProfile[Member] | undefined;
} & { readonly names?: Partial<NamePolicy> | undefined };

/** The upper limit of the validity of a certificate. */
export const VALIDITY_DAYS_LIMIT = 825;

/** A profile from the given members and the defaults. @throws VALIDATION_ERROR if it is contradictory */
export function issuingProfile(request: IssuingProfileRequest = {}): IssuingProfile {
  const longest = request.validityDaysMax ?? Math.max(request.validityDays ?? 0, LEAF_VALIDITY_DAYS_DEFAULT);
  const validityDays = request.validityDays ?? Math.min(LEAF_VALIDITY_DAYS_DEFAULT, longest);
  if (validityDays > longest) throw validityTooLong('/profile/validityDays', longest);
  requireCidrs(request.names?.networks ?? [], '/profile/names/networks');
  return {
    kid: request.kid ?? 'uuid',
    validityDays,
    validityDaysMax: longest,
    names: { ...NAME_POLICY_DEFAULT, ...request.names },
    extendedKeyUsage: request.extendedKeyUsage ?? LEAF_EXTENDED_KEY_USAGE_DEFAULT,
    keyReuse: request.keyReuse ?? true,
  };
}

/** The validity of a new certificate in days. @throws VALIDATION_ERROR if it exceeds the profile */
export function grantedDays({ validityDays, validityDaysMax }: IssuingProfile, asked: number | undefined): number {
  if (asked !== undefined && asked > validityDaysMax) throw validityTooLong('/validityDays', validityDaysMax);
  return asked ?? validityDays;
}

/** The contents of the certificates of an authority besides their names and keys. */
export const certificateProfile = (
  { extendedKeyUsage }: Pick<IssuingProfile, 'extendedKeyUsage'>,
  validityDays?: number,
): CertificateProfile => leafProfile(validityDays, extendedKeyUsage);

function validityTooLong(pointer: string, days: number): Error {
  const errors: InputError[] = [{ pointer, code: 'VALIDITY_TOO_LONG', detail: `must not be above ${days}` }];
  return coreErrors.VALIDATION_ERROR({ errors });
}
