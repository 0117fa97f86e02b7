import type { EpochMilliseconds } from '#core';

import type { CertifiedByKey, UsersOfKey } from './key-users.js';
import { type KeyState, type KeyVersionState, keyVersionLifecycle } from './lifecycle.js';

/** Why an action is rejected. All but `WRONG_STATE` can be overruled by `force`. */
type KeyActionRejection = 'WRONG_STATE' | 'KEY_NOT_USABLE' | 'LAST_ACTIVE_KEY_VERSION' | 'KEY_IN_USE';

/** Overrules a rule that protects what depends on a key; needs the password of the caller. */
export interface ForcedKeyAction {
  readonly force?: boolean | undefined;
  readonly password?: string | undefined;
}

/** What an action would do, without doing it. */
export interface KeyDryRun {
  readonly allowed: boolean;
  /** `undefined` where the action is allowed. */
  readonly code: KeyActionRejection | undefined;
  readonly impact: UsersOfKey & {
    /** The latest expiry of a token that was signed with what the action is about. */
    readonly lastTokenExpiresAt: EpochMilliseconds | null;
    /** What else a compromise takes away, each where there is any. */
    readonly certificates?: readonly string[];
    readonly authorities?: readonly string[];
    readonly keyVersions?: readonly string[];
    /** Whether no service and no unexpired token is affected. */
    readonly safeNow: boolean;
  };
}

/** The things to know before a key or one of its versions is taken out of use. States are those that count at `now`. */
export interface Situation {
  readonly now: EpochMilliseconds;
  readonly keyState: KeyState;
  /** Whether a version is active, and whether another is staged to follow it. */
  readonly hasActive: boolean;
  readonly hasPending: boolean;
  /** `undefined`: the action is about the whole key. */
  readonly versionState: KeyVersionState | undefined;
  readonly lastTokenExpiresAt: EpochMilliseconds | null;
  readonly users: UsersOfKey;
  /** What else a compromise takes away. */
  readonly alsoAffected?: AlsoAffected;
}

/** What has the same key material as a version that is compromised. */
export interface AlsoAffected extends CertifiedByKey {
  /** `kid`s of the tenant's other versions. */
  readonly keyVersions: readonly string[];
}

export type DryRunAction = 'rotate' | 'retire' | 'compromise' | 'delete';

/**
 * Why an action on a key (`rotate`, `delete`) or on one of its versions is rejected without `force`: a key that profiles
 * sign with keeps an active version, and a key without one is rotated on purpose only.
 */
export function rejectionOf(action: DryRunAction, situation: Omit<Situation, 'lastTokenExpiresAt'>) {
  const { keyState, versionState, hasActive, hasPending, users } = situation;
  const rules: Readonly<Record<DryRunAction, () => KeyActionRejection | undefined>> = {
    rotate: () => (hasActive ? undefined : 'KEY_NOT_USABLE'),
    retire: () => (versionState === 'active' && !hasPending ? 'LAST_ACTIVE_KEY_VERSION' : undefined),
    // Its successor is activated in the same transaction.
    compromise: () => undefined,
    delete: () => (users.profiles.length > 0 ? 'KEY_IN_USE' : undefined),
  };
  const permitted =
    versionState === undefined
      ? keyState === 'active'
      : keyState === 'active' && keyVersionLifecycle.allowedFrom(versionState).some((event) => event === action);
  return permitted ? rules[action]() : 'WRONG_STATE';
}

/** What an action would do; `rejectionOf` says whether it is allowed. */
export function dryRunOf(action: DryRunAction, situation: Situation): KeyDryRun {
  const { now, keyState, versionState, lastTokenExpiresAt, users, alsoAffected } = situation;
  const code = rejectionOf(action, situation);
  const signs = keyState === 'active' && (versionState === undefined || versionState === 'active');
  const stopsSigning = action !== 'rotate' && signs && users.profiles.length > 0;
  const breaksTokens =
    (action === 'compromise' || action === 'delete') && lastTokenExpiresAt !== null && lastTokenExpiresAt > now;
  const affected = onlyFilled(alsoAffected);
  return {
    allowed: code === undefined,
    code,
    impact: {
      ...users,
      lastTokenExpiresAt,
      ...affected,
      safeNow: !stopsSigning && !breaksTokens && Object.keys(affected).length === 0,
    },
  };
}

/** Without the lists that are empty. */
function onlyFilled(affected: AlsoAffected | undefined): Partial<AlsoAffected> {
  const { certificates = [], authorities = [], keyVersions = [] } = affected ?? {};
  return {
    ...(certificates.length > 0 ? { certificates } : {}),
    ...(authorities.length > 0 ? { authorities } : {}),
    ...(keyVersions.length > 0 ? { keyVersions } : {}),
  };
}
