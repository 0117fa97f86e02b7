/** Why something cannot be done now, by the code of the API, as a person who would like to do it asks. */
const REASONS: Readonly<Record<string, string>> = {
  LAST_ACTIVE_CREDENTIAL: 'It is the last active one of its type: create another one first',
  INACTIVE_CREDENTIAL_EXISTS: 'Another one of its type is inactive: reactivate or delete that one first',
  CREDENTIAL_LIMIT_REACHED: 'There are as many of this type as the tenant permits: delete one first',
  NOT_REVEALABLE: 'The settings of the tenant do not let this secret be shown again',
  WRONG_STATE: 'Not possible in its present state',
  MONTH_NOT_ERASABLE: 'It is too recent to be erased',
  CLOCK_NOT_CONFIRMED: 'The clock of the server has to be confirmed first',
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
