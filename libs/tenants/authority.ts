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

// The row of the tenant is the gate of everything that is done in it. Users and Chancery's own work hold it exclusively,
// because they may change who is permitted what; services and other requests hold it shared. It is held first, so that no
// two transactions wait for each other, and so that a transaction that withdraws a right waits for the transactions that used it.

type SessionEvidence = Extract<Evidence, { kind: 'session' }>;

/**
 * The first step of a user's work: whether the session continues and what the user may do at this moment.
 * @returns the scope with the user's present role
 * @throws INVALID_CREDENTIALS where the session has ended, NOT_FOUND without a membership, TENANT_SUSPENDED, FORBIDDEN,
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
    // A tenant's permission here is that of a step in between, such as the confirmation of a password.
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

/** @throws COMPANY_SIGN_IN_REQUIRED where the session began with a password and the tenant does not accept that of the member */
function requireCompanySignIn(
  tenant: Tenant | null,
  { role }: Pick<Member, 'role'>,
  { identityProviderId }: Pick<Session, 'identityProviderId'>,
): void {
  if (!tenant || identityProviderId !== null || acceptsPasswords(tenant.settings, role)) return;
  throw sessionErrors.COMPANY_SIGN_IN_REQUIRED();
}

/** @throws SECOND_FACTOR_REQUIRED where the tenant requires one and the member has none */
export async function requireFactorOf(view: View, tenant: Tenant | null, userId: string): Promise<void> {
  if (!tenant || !effectiveSettings(tenant.settings).requireSecondFactor || (await hasFactor(view, userId))) return;
  throw factorErrors.SECOND_FACTOR_REQUIRED('The tenant requires a second factor: enrol one by POST /v1/auth/factors');
}

/**
 * The first step of work for a caller whom the tenant's configuration admits.
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

/** The state of the tenant of this work, which in a transaction stays as it is; `undefined` where there is no tenant. */
export async function holdTenant(view: View, mode: 'shared' | 'exclusive'): Promise<TenantState | undefined> {
  return (await view.hold(Tenant, { id: view.scope.tenantId }, mode))?.state;
}
