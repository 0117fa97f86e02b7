import type { ErrorFactory } from '#core';
import type { Tx } from '#database';

import { User } from './entities.js';

/**
 * The first step of what follows from a password that was compared outside of the transaction: the user's row is locked, and
 * a password that was changed since then counts as wrong. So no session of the old password begins after its change.
 */
export async function requireSamePassword(tx: Tx, compared: User, wrong: ErrorFactory): Promise<void> {
  const user = await tx.installation.hold(User, { id: compared.id }, 'exclusive');
  if (user?.passwordHash !== compared.passwordHash) throw wrong();
}
