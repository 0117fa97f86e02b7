import { type Evidence, INSTALLATION_ID, type PlatformScope, type TenantScope, coreErrors } from '#core';
import type { View } from '#database';
import { factorErrors, hasFactor } from '#factors';

import { admittedMember } from './accounts.js';
import { requirePlatformRight, roleInTenant } from './authorization.js';
import { type Member, Session, Tenant, User } from './entities.js';
import { sessionErrors, tenantErrors } from './errors.js';
import { isPermission, permissionRow } from './permissions.js';
import { requireCurrent } from './session-lifetime.js';
import type { TenantState } from './tenant-lifecycle.js';
import { acceptsPasswords, effectiveSettings } from './tenant-settings.js';

// Each transaction in a tenant first locks the tenant's row. Users and Chancery's own work lock it exclusively, because they
// may change permissions; services and other requests lock it shared. Locking it first avoids deadlocks, and makes a transaction
// that withdraws a right wait for the transactions that used it.

type SessionEvidence = Extract<Evidence, { kind: 'session' }>;

/**
 * The first step of a user's transaction: checks that the session continues and what the user may do now.
 * @returns the scope with the user's present role
 * @throws INVALID_CREDENTIALS if the session has ended, NOT_FOUND without a membership, TENANT_SUSPENDED, FORBIDDEN,
 *   SECOND_FACTOR_REQUIRED, COMPANY_SIGN_IN_REQUIRED
 */
export async function sessionAuthority(
  view: View,
  { sessionId, permission }: SessionEvidence,
): Promise<TenantScope | PlatformScope> {
  const { scope } = view;
  const { installation } = view;
  if (!isPermission(permission)) throw coreErrors.INTERNAL_ERROR(`${permission} is not in the permission table`);
  const session = await installation.hold(Session, { id: sessionId }, 'exclusive');
  requireCurrent(session, view.now, scope.actor.id);
  const isAdmin = async (): Promise<boolean> =>
    (await installation.findOne(User, { id: scope.actor.id }))?.platformAdmin ?? false;
  const { audience, platformAdmin: forPlatformAdmin } = permissionRow(permission);
  if (scope.tenantId === INSTALLATION_ID) {
    // A permission in a tenant occurs here only in an intermediate step, such as the confirmation of a password.
    if (audience === 'platform-user') requirePlatformRight(permission, await isAdmin());
    return scope;
  }
  const tenant = await view.hold(Tenant, { id: scope.tenantId }, 'exclusive');
  const member = await admittedMember(view, scope.tenantId, scope.actor.id);
  const role = roleInTenant(permission, {
    tenantState: tenant?.state,
    role: member?.role,
    platformAdmin: forPlatformAdmin && (await isAdmin()),
  });
  if (member) {
    requireCompanySignIn(tenant, member, session);
    await requireFactorOf(view, tenant, scope.actor.id);
  }
  return { ...scope, actor: { ...scope.actor, role } };
}

/** @throws COMPANY_SIGN_IN_REQUIRED if the session began with a password, which the tenant does not accept from this member */
function requireCompanySignIn(
  tenant: Tenant | null,
  { role }: Pick<Member, 'role'>,
  { identityProviderId }: Pick<Session, 'identityProviderId'>,
): void {
  if (!tenant || identityProviderId !== null || acceptsPasswords(tenant.settings, role)) return;
  throw sessionErrors.COMPANY_SIGN_IN_REQUIRED();
}

/** @throws SECOND_FACTOR_REQUIRED if the tenant requires one and the member has none */
export async function requireFactorOf(view: View, tenant: Tenant | null, userId: string): Promise<void> {
  if (!tenant || !effectiveSettings(tenant.settings).requireSecondFactor || (await hasFactor(view, userId))) return;
  throw factorErrors.SECOND_FACTOR_REQUIRED('The tenant requires a second factor: enrol one by POST /v1/auth/factors');
}

/**
 * The first step of a transaction for a caller that the tenant's configuration admits.
 * @throws TENANT_SUSPENDED, INVALID_CREDENTIALS where the tenant is gone
 */
export async function requireActiveTenant(view: View): Promise<void> {
  requireActive(await holdTenant(view, 'shared'));
}

/** @throws TENANT_SUSPENDED, INVALID_CREDENTIALS where the tenant is gone */
export function requireActive(state: TenantState | undefined): void {
  if (state === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
  if (state !== 'active') throw coreErrors.INVALID_CREDENTIALS();
}

/** The state of the tenant of the scope, which cannot change during a transaction; `undefined` if there is no tenant. */
export async function holdTenant(view: View, mode: 'shared' | 'exclusive'): Promise<TenantState | undefined> {
  return (await view.hold(Tenant, { id: view.scope.tenantId }, mode))?.state;
}
