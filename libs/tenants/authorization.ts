import { coreErrors } from '#core';

import { tenantErrors } from './errors.js';
import { type Permission, permissionRow } from './permissions.js';
import type { Role } from './roles.js';
import type { TenantState } from './tenant-lifecycle.js';

/** What decides whether a user may do something in a tenant. */
interface UserInTenant {
  /** `undefined` where there is no such tenant. */
  readonly tenantState: TenantState | undefined;
  /** `undefined` for a user who is no member. */
  readonly role: Role | undefined;
  readonly platformAdmin: boolean;
}

/**
 * The role in which a user may do what the permission permits. A tenant that does not exist and one that the user is no
 * member of are rejected alike, so that the answer does not tell which tenants exist.
 * @throws NOT_FOUND, TENANT_SUSPENDED, FORBIDDEN
 */
export function roleInTenant(permission: Permission, user: UserInTenant): Role | 'platform_admin' {
  const { audience, roles, platformAdmin: forPlatformAdmin } = permissionRow(permission);
  const asPlatformAdmin = user.platformAdmin && forPlatformAdmin && audience === 'tenant-user';
  const { tenantState, role } = user;
  if (tenantState === undefined || tenantState === 'deleted') throw coreErrors.NOT_FOUND();
  if (role === undefined && !asPlatformAdmin) throw coreErrors.NOT_FOUND();
  if (tenantState === 'suspended' && !asPlatformAdmin) throw tenantErrors.TENANT_SUSPENDED();
  if (!asPlatformAdmin && !(role && roles.includes(role))) {
    throw coreErrors.FORBIDDEN(`A ${role} may not do this: it takes ${permission}`);
  }
  return role ?? 'platform_admin';
}

/** @throws FORBIDDEN unless every user holds the permission, or the user administers the installation and it is for that */
export function requirePlatformRight(permission: Permission, platformAdmin: boolean): void {
  const row = permissionRow(permission);
  if (row.audience !== 'user' && !(row.platformAdmin && platformAdmin)) throw coreErrors.FORBIDDEN();
}
