import { DAY, type EpochMilliseconds, MINUTE, SECOND } from '#core';

/** How long a JWK Set may be cached (RFC 9111 §5.2.2.1), in seconds. A new version is published for longer before it signs. */
export const JWKS_MAX_AGE_SECONDS = 300;

/** Margin for slow responses and for clock differences. */
const PUBLICATION_MARGIN = MINUTE;

/** Time from publication to the first signature. */
export const PUBLICATION_DELAY = JWKS_MAX_AGE_SECONDS * SECOND + PUBLICATION_MARGIN;

export type RotationPace = 'staged' | 'immediate';

/** When a version that is published at `now` starts to sign. A shared secret is not published. */
export const activationAt = (now: EpochMilliseconds, pace: RotationPace, symmetric: boolean): EpochMilliseconds =>
  pace === 'immediate' || symmetric ? now : now + PUBLICATION_DELAY;

/**
 * When the next version must be published for a key whose newest version signs from `activatesAt` on; `null` for a
 * key without a rotation schedule.
 */
export function nextRotationAt(
  activatesAt: EpochMilliseconds,
  rotateEverySeconds: number | null,
  symmetric: boolean,
): EpochMilliseconds | null {
  if (rotateEverySeconds === null) return null;
  return activatesAt + rotateEverySeconds * SECOND - (symmetric ? 0 : PUBLICATION_DELAY);
}

/** When the material of a deleted key is erased. */
export const destructionAt = (now: EpochMilliseconds, keyDeletionDays: number): EpochMilliseconds =>
  now + keyDeletionDays * DAY;
