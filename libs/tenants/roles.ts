import { type Actor, coreErrors } from '#core';

/** Roles of a member in one tenant, the highest first. The auditor is not part of this order: it changes nothing. */
export const roles = ['owner', 'full_access', 'limited_access', 'auditor'] as const;
export type Role = (typeof roles)[number];

const rank: Record<Role, number> = { owner: 3, full_access: 2, limited_access: 1, auditor: 1 };

/** No member grants a role at or above their own, except an owner. */
export const mayGrant = (actor: Role, granted: Role): boolean => actor === 'owner' || rank[granted] < rank[actor];

/** Owners manage all members; full access manages members below owner; other roles manage none. */
export const mayManage = (actor: Role, current: Role): boolean =>
  actor === 'owner' || (actor === 'full_access' && current !== 'owner');

/** The role of the caller in the tenant. @throws FORBIDDEN if there is none */
export function roleOf({ actor }: { readonly actor: Pick<Actor, 'role'> }): Role {
  if (actor.role === undefined) throw coreErrors.FORBIDDEN();
  return actor.role as Role;
}
