import { type EventContent, type EventDraft, INSTALLATION_ID } from '#core';
import { In, Not, type Tx, type View } from '#database';

import { isKnownIn } from './accounts.js';
import { Member, Tenant, User } from './entities.js';

/** Maximum number of tenants whose histories one log-in writes to. */
const MEMBERSHIPS_MAX = 1_000;

/**
 * A step of platform work: the histories that record events of a user's account: first that of the installation, then those of
 * the user's tenants.
 */
export async function historiesOfUser(view: View, userId: string): Promise<readonly string[]> {
  const members = await view.find(Member, { userId }, { limit: MEMBERSHIPS_MAX });
  if (members.length === 0) return [INSTALLATION_ID];
  const user = await view.installation.get(User, { id: userId });
  const ids = members.map(({ tenantId }) => tenantId).filter((tenantId) => isKnownIn(user, tenantId));
  if (ids.length === 0) return [INSTALLATION_ID];
  const tenants = await view.find(Tenant, { id: In(ids), state: Not('deleted') });
  return [INSTALLATION_ID, ...tenants.map(({ id }) => id)];
}

/** A step of platform work: records an event about a user's account or session in each of these histories. */
export async function recordForUser(
  tx: Tx,
  userId: string,
  event: (content: EventContent) => EventDraft,
): Promise<void> {
  for (const tenantId of await historiesOfUser(tx, userId)) {
    tx.record(event(tenantId === INSTALLATION_ID ? {} : { tenantId }));
  }
}
