import type { Schemas } from './queries.js';

/** What a form asks for, by the format of the profile; what the vendor fixes is not asked for. */
export interface ProfileForm {
  readonly issuer: 'required' | 'optional' | 'unused';
  readonly audience: boolean;
  readonly lifetime: boolean;
  readonly certificate: boolean;
  /** An input with which a token can be tried. */
  readonly input: object;
}

const ALL: ProfileForm = { issuer: 'optional', audience: true, lifetime: true, certificate: true, input: {} };
const VENDOR: ProfileForm = { ...ALL, issuer: 'unused', audience: false, lifetime: false, certificate: false };

const FORMS: Readonly<Record<string, ProfileForm>> = {
  jwt: { ...ALL, certificate: false, input: { subject: 'user-42', claims: {} } },
  'xima-licensing': { ...VENDOR, certificate: true, input: { payload: { serial: 'EXAMPLE', eliteSeats: 15 } } },
  'superoffice-system-user': { ...VENDOR, input: { systemUserToken: 'Application Name-pzqc70604i' } },
  'ccai-user': { ...VENDOR, issuer: 'required', input: { anonymous: true } },
  'webex-connect': { ...VENDOR, issuer: 'optional' },
  'telesign-app-verify': { ...VENDOR, issuer: 'required', input: { phoneNumber: '+4915112345678' } },
};

/** A format that this table does not know gets every field: the server says which it does not take. */
export const profileForm = (format: string): ProfileForm => FORMS[format] ?? ALL;

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
