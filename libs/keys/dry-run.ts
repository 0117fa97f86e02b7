import type { EpochMilliseconds } from '#core';

import type { CertifiedByKey, UsersOfKey } from './key-users.js';
import { type KeyState, type KeyVersionState, keyVersionLifecycle } from './lifecycle.js';

/** Why an action is rejected. `force` overrules all of them except `WRONG_STATE`. */
type KeyActionRejection = 'WRONG_STATE' | 'KEY_NOT_USABLE' | 'LAST_ACTIVE_KEY_VERSION' | 'KEY_IN_USE';

/** Overrules a rule that protects users of a key; requires the caller's password. */
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
    /** The latest expiry of a token that the key or version signed. */
    readonly lastTokenExpiresAt: EpochMilliseconds | null;
    /** What else a compromise revokes or marks; empty lists are absent. */
    readonly certificates?: readonly string[];
    readonly authorities?: readonly string[];
    readonly keyVersions?: readonly string[];
    /** Whether no service and no unexpired token is affected. */
    readonly safeNow: boolean;
  };
}

/** Facts about a key or version before it is taken out of use. States are those that are effective at `now`. */
export interface Situation {
  readonly now: EpochMilliseconds;
  readonly keyState: KeyState;
  /** Whether a version is active, and whether another is staged to follow it. */
  readonly hasActive: boolean;
  readonly hasPending: boolean;
  /** `undefined` if the action is about the whole key. */
  readonly versionState: KeyVersionState | undefined;
  readonly lastTokenExpiresAt: EpochMilliseconds | null;
  readonly users: UsersOfKey;
  /** What else a compromise revokes or marks. */
  readonly alsoAffected?: AlsoAffected;
}

/** Everything with the same key material as a compromised version. */
export interface AlsoAffected extends CertifiedByKey {
  /** `kid`s of the tenant's other versions. */
  readonly keyVersions: readonly string[];
}

export type DryRunAction = 'rotate' | 'retire' | 'compromise' | 'delete';

/**
 * Why an action on a key (`rotate`, `delete`) or on one of its versions is rejected without `force`: a key that profiles
 * sign with must keep an active version, and a key without an active version is not rotated by accident.
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
