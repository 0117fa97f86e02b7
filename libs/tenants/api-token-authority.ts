import { type Evidence, INSTALLATION_ID, type PlatformScope, type TenantScope, coreErrors } from '#core';
import type { View } from '#database';

import { admittedMember } from './accounts.js';
import { isAddressAllowed } from './allowed-addresses.js';
import { apiTokenStateAt } from './api-token.js';
import { requireFactorOf } from './authority.js';
import { roleInTenant } from './authorization.js';
import { ApiToken, ServiceAccount, Tenant } from './entities.js';
import { apiTokenErrors } from './errors.js';
import { isPermission } from './permissions.js';
import type { Role } from './roles.js';

type ApiTokenEvidence = Extract<Evidence, { kind: 'api-token' }>;

/**
 * The first step of a transaction for an API token: checks that it may be used, and what its owner may do now.
 * @returns the scope with the owner's present role
 * @throws INVALID_CREDENTIALS if it was revoked, has expired, or its owner is gone; API_TOKEN_ADDRESS_NOT_ALLOWED,
 *   TENANT_SUSPENDED, NOT_FOUND, FORBIDDEN, SECOND_FACTOR_REQUIRED
 */
export async function apiTokenAuthority(
  view: View,
  { apiTokenId, permission }: ApiTokenEvidence,
): Promise<TenantScope | PlatformScope> {
  const { scope } = view;
  if (!isPermission(permission)) throw coreErrors.INTERNAL_ERROR(`${permission} is not in the permission table`);
  if (scope.tenantId === INSTALLATION_ID) {
    // An intermediate step, such as a confirmation; the action itself is checked in its own transaction.
    requireUsable(await view.findOne(ApiToken, { id: apiTokenId }), view);
    return scope;
  }
  const tenant = await view.hold(Tenant, { id: scope.tenantId }, 'exclusive');
  const token = await view.findOne(ApiToken, { id: apiTokenId });
  requireUsable(token, view);
  const role = await roleOfOwner(view, token);
  if (role === undefined) throw rejected();
  roleInTenant(permission, { tenantState: tenant?.state, role, platformAdmin: false });
  if (token.memberId !== null) await requireFactorOf(view, tenant, token.ownerId);
  if (!token.permissions.includes(permission)) throw coreErrors.FORBIDDEN(`The API token does not hold ${permission}`);
  return { ...scope, actor: { ...scope.actor, role } };
}

/** The role of the member or the service account; `undefined` if it is gone. */
async function roleOfOwner(view: View, { tenantId, memberId, ownerId }: ApiToken): Promise<Role | undefined> {
  if (memberId === null) {
    const account = await view.findOne(ServiceAccount, { tenantId, id: ownerId });
    return account?.deletedAt === null ? account.role : undefined;
  }
  const member = await admittedMember(view, tenantId, ownerId);
  // A new membership of the same person does not revive tokens of an ended one.
  return member?.id === memberId ? member.role : undefined;
}

function requireUsable(token: ApiToken | null, { scope, now }: View): asserts token is ApiToken {
  if (!token || token.ownerId !== scope.actor.id || apiTokenStateAt(token, now) !== 'active') throw rejected();
  if (!isAddressAllowed(token.allowedCidrs, scope.sourceAddress)) throw apiTokenErrors.API_TOKEN_ADDRESS_NOT_ALLOWED();
}

const rejected = (): Error => coreErrors.INVALID_CREDENTIALS('The API token is unknown, revoked or expired');
