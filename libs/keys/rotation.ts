import { DAY, type EpochMilliseconds, MINUTE, SECOND } from '#core';

import type { KeyState, KeyVersionState } from './lifecycle.js';

/** How long a JWK Set may be cached (RFC 9111 §5.2.2.1), in seconds: a new version is published longer than this before it signs. */
export const JWKS_MAX_AGE_SECONDS = 300;

/** For a slow answer on its way, and for clocks that differ. */
const PUBLICATION_MARGIN = MINUTE;

/** A verifier may accept a token for a while after it has expired: at most 600 s, the bound of a profile's `skewSeconds`. */
const EXPIRY_MARGIN = 15 * MINUTE;

/** From being published to signing. */
export const PUBLICATION_DELAY = JWKS_MAX_AGE_SECONDS * SECOND + PUBLICATION_MARGIN;

/** What decides a version's state at a moment. */
export interface VersionTiming {
  readonly state: KeyVersionState;
  readonly activatesAt: EpochMilliseconds | null;
  readonly retiresAt: EpochMilliseconds | null;
  readonly retiredAt: EpochMilliseconds | null;
  /** The latest expiry of a token that it signed. */
  readonly lastTokenExpiresAt: EpochMilliseconds | null;
}

/**
 * The state that counts at `now`: a pending version signs from `activatesAt` on, its predecessor stops at that very
 * instant, and a retired one is gone once its last token has expired. The scheduler writes this down later.
 */
export function versionStateAt(version: VersionTiming, now: EpochMilliseconds): KeyVersionState {
  const { state, activatesAt, retiresAt } = version;
  const isActive = state === 'active' || (state === 'pending' && activatesAt !== null && activatesAt <= now);
  const isRetired = state === 'retired' || (isActive && retiresAt !== null && retiresAt <= now);
  if (isRetired) return now >= destroysAt(version) ? 'destroyed' : 'retired';
  return isActive ? 'active' : state;
}

/** When a version that signs no more has nothing left to verify. Infinite while it still signs. */
export function destroysAt({ retiredAt, retiresAt, lastTokenExpiresAt }: VersionTiming): EpochMilliseconds {
  const end = retiredAt ?? retiresAt ?? Number.POSITIVE_INFINITY;
  return Math.max(end, lastTokenExpiresAt ?? 0) + EXPIRY_MARGIN;
}

/** At or before this instant a retirement or a last token's expiry is long enough ago for the material to go. */
export const destroyableSince = (now: EpochMilliseconds): EpochMilliseconds => now - EXPIRY_MARGIN;

export type RotationPace = 'staged' | 'immediate';

/** When a version that is published at `now` starts to sign. A shared secret is in no JWKS. */
export const activationAt = (now: EpochMilliseconds, pace: RotationPace, symmetric: boolean): EpochMilliseconds =>
  pace === 'immediate' || symmetric ? now : now + PUBLICATION_DELAY;

/**
 * When the next version must be published for a key whose newest version signs from `activatesAt` on; `null` where the
 * key is rotated by hand only.
 */
export function nextRotationAt(
  activatesAt: EpochMilliseconds,
  rotateEverySeconds: number | null,
  symmetric: boolean,
): EpochMilliseconds | null {
  if (rotateEverySeconds === null) return null;
  return activatesAt + rotateEverySeconds * SECOND - (symmetric ? 0 : PUBLICATION_DELAY);
}

/** When a deleted key's material goes for good. */
export const destructionAt = (now: EpochMilliseconds, keyDeletionDays: number): EpochMilliseconds =>
  now + keyDeletionDays * DAY;

/** The state of a key that counts at `now`. */
export const keyStateAt = (
  key: { readonly state: KeyState; readonly destroysAt: EpochMilliseconds | null },
  now: EpochMilliseconds,
): KeyState => (key.state === 'deleted' && key.destroysAt !== null && key.destroysAt <= now ? 'destroyed' : key.state);
