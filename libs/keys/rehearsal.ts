import type { EpochMilliseconds } from '#core';

import type { UsersOfKey } from './key-users.js';
import { type KeyState, type KeyVersionState, keyLifecycle, keyVersionLifecycle } from './lifecycle.js';

/** What an action would do, without doing it. */
export interface KeyRehearsal {
  readonly allowed: boolean;
  /** Code of the rejection. */
  readonly code: 'WRONG_STATE' | undefined;
  readonly impact: UsersOfKey & {
    /** The latest expiry of a token that was signed with what the action is about. */
    readonly lastTokenExpiresAt: EpochMilliseconds | null;
    /** `kid`s of the certificates that would be revoked, where there are any. */
    readonly certificates?: readonly string[];
    /** Whether nobody would notice: no profile stops to sign, and no token that still lives stops to be valid. */
    readonly safeNow: boolean;
  };
}

/** The things to know before a key or one of its versions is taken out of use. States are those that count at `now`. */
export interface Situation {
  readonly now: EpochMilliseconds;
  readonly keyState: KeyState;
  /** `undefined`: the action is about the whole key. */
  readonly versionState: KeyVersionState | undefined;
  readonly lastTokenExpiresAt: EpochMilliseconds | null;
  readonly users: UsersOfKey;
  /** `kid`s of the certificates that a compromise revokes. */
  readonly certificates?: readonly string[];
}

export type RehearsedAction = 'retire' | 'compromise' | 'delete';

/** Judges an action on a key (`delete`) or on one of its versions. */
export function rehearsalOf(action: RehearsedAction, situation: Situation): KeyRehearsal {
  const { now, keyState, versionState, lastTokenExpiresAt, users, certificates = [] } = situation;
  const allowed =
    action === 'delete'
      ? keyLifecycle.allowedFrom(keyState).includes('delete')
      : keyState === 'active' &&
        versionState !== undefined &&
        keyVersionLifecycle.allowedFrom(versionState).includes(action);
  const signs = keyState === 'active' && (versionState === undefined || versionState === 'active');
  const stopsSigning = signs && users.profiles.length > 0;
  const breaksTokens = action !== 'retire' && lastTokenExpiresAt !== null && lastTokenExpiresAt > now;
  return {
    allowed,
    code: allowed ? undefined : 'WRONG_STATE',
    impact: {
      ...users,
      lastTokenExpiresAt,
      ...(certificates.length > 0 ? { certificates } : {}),
      safeNow: !stopsSigning && !breaksTokens && certificates.length === 0,
    },
  };
}
