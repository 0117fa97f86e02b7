import { IsNull, Not, type Tx } from '#database';
import { endChallenges, endChallengesOfProvider } from '#factors';

import { Session } from './entities.js';

/** A step: ends the sessions of an identity provider, and its sign-ins that wait for a second factor. */
export async function endSessionsOfProvider(tx: Tx, identityProviderId: string): Promise<void> {
  await endChallengesOfProvider(tx, identityProviderId);
  await tx.installation.update(Session, { identityProviderId, endedAt: IsNull() }, { endedAt: tx.now });
}

/** A step: ends the sessions of a user, except one that may continue, and the sign-ins that wait for a second factor. */
export async function endSessions(
  tx: Tx,
  { userId, except }: { readonly userId: string; readonly except?: string },
): Promise<void> {
  const others = except === undefined ? {} : { id: Not(except) };
  await endChallenges(tx, userId);
  await tx.installation.update(Session, { userId, endedAt: IsNull(), ...others }, { endedAt: tx.now });
}
