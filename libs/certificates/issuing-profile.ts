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

/** What an authority certifies. */
export interface IssuingProfile {
  readonly kid: CertificateKidKind;
  /** Validity of a certificate where the request names none. */
  readonly validityDays: number;
  readonly validityDaysMax: number;
  readonly names: NamePolicy;
  /** The purposes of its certificates (RFC 5280 §4.2.1.12); absent in authorities of before there was a choice. */
  readonly extendedKeyUsage?: readonly LeafExtendedKeyUsage[];
  /** Whether a key may have several valid certificates; renewing with the same key is always permitted. */
  readonly keyReuse: boolean;
}

export type IssuingProfileRequest = {
  readonly [Member in keyof Omit<IssuingProfile, 'names'>]?: IssuingProfile[Member] | undefined;
} & { readonly names?: Partial<NamePolicy> | undefined };

/** The upper limit of the validity of a certificate. */
export const VALIDITY_DAYS_LIMIT = 825;

/** A profile from what was said of it, the rest from the defaults. @throws VALIDATION_ERROR where it contradicts itself */
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

/** For how many days a certificate is issued. @throws VALIDATION_ERROR for more than the profile grants */
export function grantedDays({ validityDays, validityDaysMax }: IssuingProfile, asked: number | undefined): number {
  if (asked !== undefined && asked > validityDaysMax) throw validityTooLong('/validityDays', validityDaysMax);
  return asked ?? validityDays;
}

/** What the certificates of an authority say beside their names and keys. */
export const certificateProfile = (
  { extendedKeyUsage }: Pick<IssuingProfile, 'extendedKeyUsage'>,
  validityDays?: number,
): CertificateProfile => leafProfile(validityDays, extendedKeyUsage);

function validityTooLong(pointer: string, days: number): Error {
  const errors: InputError[] = [{ pointer, code: 'VALIDITY_TOO_LONG', detail: `must not be above ${days}` }];
  return coreErrors.VALIDATION_ERROR({ errors });
}
