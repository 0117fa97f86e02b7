import { type EpochMilliseconds, defineLifecycle } from '#core';

/**
 * `issuing`: its serial number and the hash of what will be signed are on record, the signature is not. `expired` is
 * written down by the scheduler and counts from the very instant, see `certificateStateAt`.
 */
export const certificateLifecycle = defineLifecycle({
  noun: 'certificate',
  states: ['issuing', 'active', 'held', 'revoked', 'expired'],
  initial: ['issuing'],
  events: {
    activate: [['issuing'], 'active'],
    hold: [['active'], 'held'],
    release: [['held'], 'active'],
    revoke: [['active', 'held', 'expired'], 'revoked'],
    expire: [['active', 'held'], 'expired'],
    // An issuance that a crash interrupted: the certificate must never be accepted.
    abandon: [['issuing'], 'revoked'],
    // Its reason becomes keyCompromise.
    compromise: [['revoked'], 'revoked'],
  },
});

export type CertificateState = (typeof certificateLifecycle.states)[number];

export const authorityLifecycle = defineLifecycle({
  noun: 'certificate authority',
  states: ['active', 'revoked', 'expired'],
  initial: ['active'],
  events: {
    revoke: [['active', 'expired'], 'revoked'],
    expire: [['active'], 'expired'],
    compromise: [['revoked'], 'revoked'],
  },
});

export type AuthorityState = (typeof authorityLifecycle.states)[number];

/** The state of a certificate that counts at `now`: expiry holds from its instant (RFC 5280 §4.1.2.5: inclusive). */
export function certificateStateAt(
  { state, notAfter }: { readonly state: CertificateState; readonly notAfter: EpochMilliseconds },
  now: EpochMilliseconds,
): CertificateState {
  return (state === 'active' || state === 'held') && now > notAfter ? 'expired' : state;
}

/** The same for a certificate authority. */
export function authorityStateAt(
  { state, notAfter }: { readonly state: AuthorityState; readonly notAfter: EpochMilliseconds },
  now: EpochMilliseconds,
): AuthorityState {
  return state === 'active' && now > notAfter ? 'expired' : state;
}
