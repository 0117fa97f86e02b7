import { tokenFormats } from '#sdk';

import type { Schemas } from './queries.js';

/** What a form asks for, by the format of the profile; what the vendor fixes is not asked for. */
interface ProfileForm {
  readonly issuer: 'required' | 'optional' | 'unused';
  /** Audience, lifetime and claims. */
  readonly isOpen: boolean;
  readonly certificates: boolean;
  /** An input with which a token can be tried. */
  readonly input: object;
}

/** @param format one of `tokenFormats` */
export function profileForm(format: string): ProfileForm {
  const { inputExample, ...form } = tokenFormats[format as keyof typeof tokenFormats];
  // A profile may permit the caller no claims.
  return { ...form, input: 'claims' in inputExample ? { ...inputExample, claims: {} } : inputExample };
}

/** The fields of a filled form as a request; what was left empty is not in it. @throws SyntaxError for settings that are no JSON */
export function profileOf(values: Readonly<Record<string, string>>): Schemas['TokenProfileRequest'] {
  const {
    name = '',
    format = '',
    keyId,
    certificateKid,
    issuer,
    audience,
    ttlSeconds,
    maxTtlSeconds,
    settings,
  } = values;
  const allowedClaims = values['allowedClaims']?.split(',').map((claim) => claim.trim());
  return {
    name,
    format: format as Schemas['TokenProfileRequest']['format'],
    ...(keyId === undefined ? {} : { keyId }),
    ...(certificateKid === undefined ? {} : { certificateKid }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience: audience.split(',').map((each) => each.trim()) }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: Number(ttlSeconds) }),
    ...(maxTtlSeconds === undefined ? {} : { maxTtlSeconds: Number(maxTtlSeconds) }),
    ...(allowedClaims === undefined ? {} : { allowedClaims }),
    ...(settings === undefined ? {} : { settings: JSON.parse(settings) as Record<string, never> }),
  };
}
