import { choices } from '#sdk';

import type { Schemas } from './queries.js';
import { roleName } from './reasons.js';

export type Role = Schemas['Member']['role'];

/** How high a role is; the auditor changes nothing, and is below those who do. */
const RANKS: Readonly<Record<Role, number>> = { owner: 3, full_access: 2, limited_access: 1, auditor: 1 };

/** The roles that a member may give: all for an owner, those below their own for others. */
export const grantableRoles = (own: Role): readonly Role[] =>
  choices.NewMember.role.filter((role) => own === 'owner' || RANKS[role] < RANKS[own]);

/** Why a member with a role does not give or take back another one; `undefined` where they do. */
export const reasonNotGranted = (own: Role, role: Role): string | undefined =>
  grantableRoles(own).includes(role) ? undefined : `The role ${roleName(own)} does not give the role ${roleName(role)}`;

/** Why a member with a role cannot change a member with another one; `undefined` where they can. */
export const reasonNotManaged = (own: Role, role: Role): string | undefined =>
  own === 'owner' || (own === 'full_access' && role !== 'owner')
    ? undefined
    : `The role ${roleName(own)} does not manage members with the role ${roleName(role)}`;

/** As a field offers them. */
export const roleOptions = (roles: readonly Role[]) => roles.map((value) => ({ value, label: roleName(value) }));
