import { INSTALLATION_ID } from '#core';
import { uuidv7 } from '#crypto';
import { Not, type Tx, type View } from '#database';

import { admittedMember, isKnownIn, isVerified } from './accounts.js';
import { Member, Tenant, type User } from './entities.js';
import { memberEvents } from './events.js';
import type { Role } from './roles.js';
import { endSessions } from './session-ending.js';
import { effectiveSettings } from './tenant-settings.js';
import { raiseConfigVersion } from './tenants.service.js';

/** The role that the groups of a person give in one tenant. */
interface ProvidedMembership {
  readonly tenantId: string;
  readonly user: Pick<User, 'id' | 'email' | 'knownIn'>;
  readonly identityProvider: { readonly id: string; readonly tenantId: string };
  /** `undefined` if no group is mapped. */
  readonly role: Role | undefined;
}

/**
 * A step of platform work: updates the membership of a person from the groups of the identity provider. It does not change
 * memberships from invitations, nor the membership of the last owner. A provider of the installation has members only in
 * tenants that permit it.
 */
export async function applyProvidedMembership(tx: Tx, provided: ProvidedMembership): Promise<void> {
  const { tenantId, user, identityProvider } = provided;
  const tenant = await tx.lockIfPresent(Tenant, { id: tenantId });
  if (tenant?.state !== 'active' || !isKnownIn(user, tenantId)) return;
  const isOfInstallation = identityProvider.tenantId === INSTALLATION_ID;
  const isAdmitted = !isOfInstallation || effectiveSettings(tenant.settings).admitProviderGroups;
  const role = isAdmitted ? provided.role : undefined;
  const member = await tx.findOne(Member, { tenantId, userId: user.id });
  if (!member) {
    if (role !== undefined) await add(tx, provided, role);
    return;
  }
  if (member.identityProviderId !== identityProvider.id || member.role === role) return;
  if (member.role === 'owner' && !(await hasOtherOwner(tx, member))) return;
  const details = { identityProviderId: identityProvider.id };
  await raiseConfigVersion(tx, tenantId);
  if (role === undefined) {
    await tx.delete(Member, { id: member.id });
    // No other tenant knows the account.
    if (!isVerified(user)) await endSessions(tx, { userId: user.id });
    tx.record(memberEvents.removed(user.id, { tenantId, before: { role: member.role }, details }));
    return;
  }
  await tx.change(Member, member, { role, updatedAt: tx.now });
  const change = { before: { role: member.role }, after: { role }, details };
  tx.record(memberEvents.changed(user.id, { tenantId, ...change }));
}

/**
 * A step: the tenants in which the identity provider made the person a member, including those that its mappings no longer
 * name, because it must end these memberships.
 */
export async function tenantsProvided(view: View, userId: string, identityProviderId: string): Promise<string[]> {
  const members = await view.find(Member, { userId, identityProviderId });
  return members.map(({ tenantId }) => tenantId);
}

async function add(tx: Tx, { tenantId, user, identityProvider }: ProvidedMembership, role: Role): Promise<void> {
  await tx.insert(Member, {
    id: uuidv7(tx.now),
    tenantId,
    userId: user.id,
    role,
    identityProviderId: identityProvider.id,
    version: 1,
    createdAt: tx.now,
    updatedAt: tx.now,
  });
  await raiseConfigVersion(tx, tenantId);
  const details = { identityProviderId: identityProvider.id };
  tx.record(memberEvents.added(user.id, { tenantId, after: { email: user.email, role }, details }));
}

/** Whether the tenant has an owner beside this member who is admitted to it. */
export async function hasOtherOwner(view: View, member: Member): Promise<boolean> {
  const { tenantId } = member;
  for (const { userId } of await view.find(Member, { tenantId, role: 'owner', id: Not(member.id) })) {
    if (await admittedMember(view, tenantId, userId)) return true;
  }
  return false;
}

/** A step: converts the memberships of a deleted provider to memberships by invitation. */
export async function releaseProvidedMembers(tx: Tx, identityProviderId: string): Promise<void> {
  await tx.update(Member, { identityProviderId }, { identityProviderId: null, updatedAt: tx.now });
}
