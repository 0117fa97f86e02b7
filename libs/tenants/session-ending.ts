import { IsNull, Not, type Tx } from '#database';
import { endChallenges } from '#factors';

import { Session } from './entities.js';

/** A step: ends the sessions of a user, but for one that may go on, and the sign-ins that wait for a second factor. */
export async function endSessions(
  tx: Tx,
  { userId, except }: { readonly userId: string; readonly except?: string },
): Promise<void> {
  const others = except === undefined ? {} : { id: Not(except) };
  await endChallenges(tx, userId);
  await tx.installation.update(Session, { userId, endedAt: IsNull(), ...others }, { endedAt: tx.now });
}
