import { BACKWARD_TOLERANCE, type EpochMilliseconds, MINUTE, coreErrors, isWithinLifetime } from '#core';

import type { Session } from './entities.js';

/** How long an access token is valid. */
export const SESSION_TTL = 15 * MINUTE;

/** How sessions begin, and how long they can be renewed. */
export abstract class SessionLimits {
  /** Whether one can begin with a password. */
  abstract readonly passwordSignIn: boolean;
  /** Without a renewal, in milliseconds. */
  abstract readonly idle: EpochMilliseconds;
  /** From its start, in milliseconds. */
  abstract readonly absolute: EpochMilliseconds;
}

const isCurrent = ({ expiresAt }: Session, now: EpochMilliseconds): boolean =>
  isWithinLifetime(expiresAt, SESSION_TTL, now);

type Durations = Pick<SessionLimits, 'idle' | 'absolute'>;

/** Until when a session that starts or is renewed now can be renewed. */
export const renewableUntil = (
  createdAt: EpochMilliseconds,
  now: EpochMilliseconds,
  { idle, absolute }: Durations,
): EpochMilliseconds => Math.min(now + idle, createdAt + absolute);

/** Whether the session can be renewed under the current limits; shorter limits also apply to existing sessions. */
export const isRenewable = (
  session: Pick<Session, 'createdAt' | 'endedAt' | 'renewableUntil'>,
  now: EpochMilliseconds,
  { idle, absolute }: Durations,
): boolean =>
  session.endedAt === null &&
  isWithinLifetime(session.renewableUntil, idle, now) &&
  session.createdAt <= now + BACKWARD_TOLERANCE &&
  session.createdAt + absolute > now;

/**
 * @param userId the expected user, if known
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
