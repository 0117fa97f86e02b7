import { type Permission, permissionRow, roles } from '#tenants';

import { type CredentialAction, credentialActions } from './credential-rules.js';

/** What a member must hold for each action; the routes ask for the same. */
const permissionFor = (action: CredentialAction): Permission =>
  action === 'reveal' ? 'credentials:reveal' : 'services:write';

const byRole: ReadonlyMap<string, ReadonlySet<CredentialAction>> = new Map(
  roles.map((role) => [
    role,
    new Set(credentialActions.filter((action) => !permissionRow(permissionFor(action)).roles.includes(role))),
  ]),
);

const every: ReadonlySet<CredentialAction> = new Set(credentialActions);

/**
 * The actions that a role does not permit, whatever the state of a credential.
 * @param role a member's role in the tenant; an actor without one (platform administrator, Chancery itself) may do nothing
 */
export const forbiddenActions = (role: string | undefined): ReadonlySet<CredentialAction> =>
  byRole.get(role ?? '') ?? every;
