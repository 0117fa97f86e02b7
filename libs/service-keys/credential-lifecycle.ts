import { type EpochMilliseconds, defineLifecycle } from '#core';

/** The lifecycle of a service key or JWT credential, after the vendor's Discard, Reactivate and Delete. */
export const credentialLifecycle = defineLifecycle({
  noun: 'credential',
  states: ['active', 'inactive', 'expired', 'compromised', 'deleted'],
  initial: ['active'],
  events: {
    discard: [['active'], 'inactive'],
    reactivate: [['inactive'], 'active'],
    expire: [['active', 'inactive'], 'expired'],
    compromise: [['active', 'inactive'], 'compromised'],
    delete: [['inactive', 'expired', 'compromised'], 'deleted'],
  },
});

export type CredentialState = (typeof credentialLifecycle.states)[number];

/** The states that count: for the limit, for the rules, for the clock. What has left them is history. */
export const liveStates: readonly CredentialState[] = ['active', 'inactive'];

/** What decides a credential's state at a moment. */
export interface CredentialTiming {
  readonly state: CredentialState;
  readonly expiresAt: EpochMilliseconds | null;
  /** When a regenerated credential is discarded; from `overlapEndsAt` on it is inactive. */
  readonly overlapEndsAt: EpochMilliseconds | null;
}

/**
 * The state that counts at `now`. Expiry and the end of an overlap hold from their very instant; that the scheduler
 * writes them down later changes nothing.
 */
export function stateAt(credential: CredentialTiming, now: EpochMilliseconds): CredentialState {
  const { state, expiresAt, overlapEndsAt } = credential;
  if (liveStates.includes(state) && expiresAt !== null && expiresAt <= now) return 'expired';
  if (state === 'active' && overlapEndsAt !== null && overlapEndsAt <= now) return 'inactive';
  return state;
}
