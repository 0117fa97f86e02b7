import { type EpochMilliseconds, MINUTE, defineLifecycle } from '#core';

import { keyEvents } from './events.js';

// pending: published, does not sign yet. retired: verifies its tokens, signs no more.
const keyVersionStates = ['pending', 'active', 'retired', 'destroyed', 'compromised'] as const;
export type KeyVersionState = (typeof keyVersionStates)[number];

/** Verifiers may accept a token after its expiry for at most 600 s, the maximum of a profile's `skewSeconds`. */
const EXPIRY_MARGIN = 15 * MINUTE;

/** The columns that decide the effective state of a version. */
export interface VersionTiming {
  readonly state: KeyVersionState;
  readonly activatesAt: EpochMilliseconds | null;
  readonly retiresAt: EpochMilliseconds | null;
  readonly retiredAt: EpochMilliseconds | null;
  /** The latest expiry of a token that it signed. */
  readonly lastTokenExpiresAt: EpochMilliseconds | null;
}

/** A margin after a version has retired and its last token has expired; infinite while it still signs. */
export function destroysAt({ retiredAt, retiresAt, lastTokenExpiresAt }: VersionTiming): EpochMilliseconds {
  const end = retiredAt ?? retiresAt ?? Number.POSITIVE_INFINITY;
  return Math.max(end, lastTokenExpiresAt ?? 0) + EXPIRY_MARGIN;
}

/** Key material is destroyed if its retirement and its last token's expiry are at or before this instant. */
export const destroyableSince = (now: EpochMilliseconds): EpochMilliseconds => now - EXPIRY_MARGIN;

/** The columns of a version that its lifecycle reads and sets. */
interface VersionColumns {
  readonly id: string;
  readonly keyId: string;
  readonly kid: string;
  readonly sealedPrivate: Buffer | null;
  readonly activatesAt: EpochMilliseconds | null;
  readonly activatedAt: EpochMilliseconds | null;
  readonly retiresAt: EpochMilliseconds | null;
  readonly retiredAt: EpochMilliseconds | null;
  readonly destroyedAt: EpochMilliseconds | null;
  readonly compromisedAt: EpochMilliseconds | null;
}

const erased = (_: VersionColumns, __: EpochMilliseconds, now: EpochMilliseconds): Partial<VersionColumns> => ({
  destroyedAt: now,
  sealedPrivate: null,
});

/** NIST SP 800-57 part 1 §7, as far as signing keys need it. */
export const keyVersionLifecycle = defineLifecycle({
  noun: 'key version',
  states: keyVersionStates,
  initial: ['pending', 'active'],
  live: ['pending', 'active', 'retired'],
  about: ({ keyId, kid }: VersionColumns) => ({ targetId: keyId, kid }),
  events: {
    activate: {
      from: ['pending'],
      to: 'active',
      done: 'activated',
      records: keyEvents.version_activated,
      dueAt: ({ activatesAt }: VersionTiming) => activatesAt,
      sets: (_, at) => ({ activatesAt: at, activatedAt: at }),
    },
    retire: {
      from: ['pending', 'active'],
      to: 'retired',
      done: 'retired',
      records: keyEvents.version_retired,
      // A pending version becomes active first.
      dueAt: ({ state, activatesAt, retiresAt }: VersionTiming) =>
        state === 'pending' && retiresAt !== null ? Math.max(activatesAt ?? Infinity, retiresAt) : retiresAt,
      sets: (_, at) => ({ retiresAt: at, retiredAt: at }),
    },
    // Also erases the key material.
    compromise: {
      from: ['pending', 'active', 'retired'],
      to: 'compromised',
      done: 'marked as compromised',
      records: keyEvents.version_compromised,
      sets: (_, at) => ({ compromisedAt: at, sealedPrivate: null }),
    },
    destroy: {
      from: ['retired'],
      to: 'destroyed',
      done: 'destroyed',
      records: keyEvents.version_destroyed,
      dueAt: destroysAt,
      irreversible: true,
      sets: erased,
    },
    // A pending or active version is destroyed only together with its whole key.
    key_destroyed: {
      from: ['pending', 'active', 'retired'],
      to: 'destroyed',
      done: 'destroyed with its key',
      records: keyEvents.version_destroyed,
      sets: erased,
    },
  },
});

/**
 * The effective state at `now`: a pending version signs from `activatesAt` on, its predecessor stops at the same instant,
 * and a retired one is destroyed when its last token has expired. The scheduler records this later.
 */
export const versionStateAt = (version: VersionTiming, now: EpochMilliseconds): KeyVersionState =>
  keyVersionLifecycle.stateAt(version, now);

/** States of versions in the JWKS: they sign, will sign, or signed tokens that have not expired. */
export const publishedStates = keyVersionLifecycle.live;

/** States of versions that verify tokens. */
export const verifyingStates: readonly KeyVersionState[] = ['active', 'retired'];

const keyStates = ['active', 'deleted', 'destroyed'] as const;
export type KeyState = (typeof keyStates)[number];

/** The columns of a key that its lifecycle reads and sets. */
interface KeyColumns {
  readonly id: string;
  readonly name: string;
  readonly liveName: string;
  readonly nextRotationAt: EpochMilliseconds | null;
  readonly deletedAt: EpochMilliseconds | null;
  readonly destroysAt: EpochMilliseconds | null;
}

export const keyLifecycle = defineLifecycle({
  noun: 'key',
  states: keyStates,
  initial: ['active'],
  live: ['active'],
  about: ({ id }: KeyColumns) => ({ targetId: id }),
  events: {
    delete: {
      from: ['active'],
      to: 'deleted',
      done: 'deleted',
      records: keyEvents.deleted,
      sets: ({ id }, at) => ({ liveName: id, nextRotationAt: null, deletedAt: at }),
      details: ({ name }) => ({ name }),
    },
    restore: {
      from: ['deleted'],
      to: 'active',
      done: 'restored',
      records: keyEvents.restored,
      sets: ({ name }) => ({ liveName: name, deletedAt: null, destroysAt: null }),
    },
    destroy: {
      from: ['deleted'],
      to: 'destroyed',
      done: 'destroyed',
      records: keyEvents.destroyed,
      dueAt: (key: { readonly destroysAt: EpochMilliseconds | null }) => key.destroysAt,
      irreversible: true,
    },
  },
});

/** The effective state of a key at `now`. */
export const keyStateAt = (
  key: { readonly state: KeyState; readonly destroysAt: EpochMilliseconds | null },
  now: EpochMilliseconds,
): KeyState => keyLifecycle.stateAt(key, now);
