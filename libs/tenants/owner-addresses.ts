import { In, type View } from '#database';

import { isKnownIn } from './accounts.js';
import { Member, User } from './entities.js';

/** Maximum number of owners of one tenant who receive an e-mail. */
const OWNERS_TOLD_MAX = 20;

/** A step: the addresses of the owners who are admitted to a tenant, the oldest memberships first. */
export async function ownerAddresses(view: View, tenantId: string): Promise<string[]> {
  const where = { tenantId, role: 'owner' as const };
  const members = await view.find(Member, where, { order: { id: 'ASC' }, limit: OWNERS_TOLD_MAX });
  const users = await view.installation.find(User, { id: In(members.map(({ userId }) => userId)) });
  return users.filter((user) => isKnownIn(user, tenantId)).map(({ email }) => email);
}
