import type { ErrorFactory } from '#core';
import type { Tx } from '#database';

import { User } from './entities.js';

/**
 * The first step of a transaction that relies on a password which was compared before. It locks the user's row and rejects
 * the password if it was changed since. So no session starts with an old password after its change.
 */
export async function requireSamePassword(tx: Tx, compared: User, wrong: ErrorFactory): Promise<void> {
  const user = await tx.installation.hold(User, { id: compared.id }, 'exclusive');
  if (user?.passwordHash !== compared.passwordHash) throw wrong();
}
