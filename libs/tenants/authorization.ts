import { coreErrors } from '#core';

import { tenantErrors } from './errors.js';
import { type Permission, permissionRow } from './permissions.js';
import type { Role } from './roles.js';
import type { TenantState } from './tenant-lifecycle.js';

/** The facts that decide whether a user may do something in a tenant. */
interface UserInTenant {
  /** `undefined` if the tenant does not exist. */
  readonly tenantState: TenantState | undefined;
  /** `undefined` if the user is not a member. */
  readonly role: Role | undefined;
  readonly platformAdmin: boolean;
}

/**
 * The role that gives a user a permission. A missing tenant and one that the user is not a member of give the same error, so
 * that the answer does not disclose which tenants exist.
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

/** @throws FORBIDDEN unless every user has the permission, or the user is a platform administrator and has it */
export function requirePlatformRight(permission: Permission, platformAdmin: boolean): void {
  const row = permissionRow(permission);
  if (row.audience !== 'user' && !(row.platformAdmin && platformAdmin)) throw coreErrors.FORBIDDEN();
}
