/** Why something cannot be done now, by the code of the API, as a person who would like to do it asks. */
const REASONS: Readonly<Record<string, string>> = {
  LAST_ACTIVE_CREDENTIAL: 'It is the last active credential of its type: create another one first',
  INACTIVE_CREDENTIAL_EXISTS: 'Another credential of its type is inactive: reactivate or delete that one first',
  CREDENTIAL_LIMIT_REACHED: 'The limit of credentials of this type is reached: delete one first',
  NOT_REVEALABLE: 'The settings of the tenant do not allow showing this secret again',
  WRONG_STATE: 'Not possible in its current state',
  MONTH_NOT_ERASABLE: 'It is too recent to be erased',
  CLOCK_NOT_CONFIRMED: 'The clock of the server must be confirmed first',
  LAST_OWNER: 'It is the last owner: make another member one first',
  ROLE_NOT_GRANTABLE: 'Your role does not manage members with this role',
  FORBIDDEN: 'Your role does not permit this',
};

/** @param code of a refusal, as in `blockedActions` */
export const reasonOf = (code: string): string => REASONS[code] ?? `Refused: ${code}`;

/** The roles of members as they are written for people. */
const ROLES: Readonly<Record<string, string>> = {
  owner: 'Owner',
  full_access: 'Full access',
  limited_access: 'Limited access',
  auditor: 'Auditor',
};

export const roleName = (role: string): string => ROLES[role] ?? role;

/** @param permissions what the caller's role permits */
export const reasonWithout = (permissions: readonly string[], permission: string, role: string): string | undefined =>
  permissions.includes(permission) ? undefined : `The role ${roleName(role)} does not permit this (${permission})`;

/** Why a token of a workload is not accepted, by the code of the API. */
const TRUST_REFUSALS: Readonly<Record<string, string>> = {
  MALFORMED_TOKEN: 'It is not a signed JWT with an issuer',
  UNTRUSTED_ISSUER: 'No trust of the service has its issuer (iss)',
  INVALID_SIGNATURE: 'No key of the issuer signed it',
  ISSUER_UNUSABLE: 'The keys of its issuer cannot be read',
  INVALID_CLAIMS: 'Its iat, exp, nbf or sub is missing or malformed',
  EXPIRED_TOKEN: 'It has expired (exp)',
  TOKEN_NOT_YET_VALID: 'It is not yet valid (nbf, iat)',
  TOKEN_TOO_OLD: 'It was issued more than an hour ago (iat)',
  AUDIENCE_NOT_TRUSTED: 'Its audience (aud) differs, or it has several',
  SUBJECT_NOT_TRUSTED: 'Its subject (sub) differs',
  CLAIM_NOT_TRUSTED: 'A claim is missing or has a different value',
  DUPLICATE_JTI: 'It was already exchanged, and each token is exchanged only once',
};

export const trustRefusalText = (code: string): string => TRUST_REFUSALS[code] ?? `Refused: ${code}`;
