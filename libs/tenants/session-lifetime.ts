import { BACKWARD_TOLERANCE, type EpochMilliseconds, MINUTE, coreErrors } from '#core';

import type { Session } from './entities.js';

export const SESSION_TTL = 15 * MINUTE;

/** A session that ends later than one that starts now was started while the clock was ahead: it would last for too long. */
const isCurrent = ({ expiresAt }: Session, now: EpochMilliseconds): boolean =>
  expiresAt > now && expiresAt <= now + SESSION_TTL + BACKWARD_TOLERANCE;

/**
 * @param userId whose session it has to be, where that is known
 * @throws INVALID_CREDENTIALS unless the session exists and has neither ended nor expired
 */
export function requireCurrent(
  session: Session | null,
  now: EpochMilliseconds,
  userId?: string,
): asserts session is Session {
  const isOthers = userId !== undefined && session?.userId !== userId;
  if (!session || isOthers || session.endedAt !== null || !isCurrent(session, now)) {
    throw coreErrors.INVALID_CREDENTIALS('The session is unknown or has ended; log in again');
  }
}
