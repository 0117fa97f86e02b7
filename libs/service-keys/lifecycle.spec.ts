import { describe, expect, it } from 'vitest';

import { type CredentialState, type CredentialTiming, credentialLifecycle, stateAt } from './lifecycle.js';

/** The whole table once more, by hand: what is empty must be refused. */
const EXPECTED: Readonly<Record<CredentialState, Readonly<Record<string, CredentialState>>>> = {
  active: {
    discard: 'inactive',
    replace: 'inactive',
    expire: 'expired',
    end_overlap: 'inactive',
    compromise: 'compromised',
    service_deleted: 'deleted',
  },
  inactive: {
    reactivate: 'active',
    expire: 'expired',
    compromise: 'compromised',
    delete: 'deleted',
    service_deleted: 'deleted',
  },
  expired: { delete: 'deleted', service_deleted: 'deleted' },
  compromised: { delete: 'deleted', service_deleted: 'deleted' },
  deleted: {},
};
const events = Object.keys(credentialLifecycle.event) as (keyof typeof credentialLifecycle.event)[];

describe('the lifecycle of a credential', () => {
  it('the lifecycle of a credential begins active and has the five states of the product', () => {
    expect(credentialLifecycle.initial).toEqual(['active']);
    expect(credentialLifecycle.states).toEqual(Object.keys(EXPECTED));
    expect(credentialLifecycle.live).toEqual(['active', 'inactive']);
  });

  it.each(credentialLifecycle.states.flatMap((state) => events.map((event) => [state, event] as const)))(
    'the lifecycle of a credential from %s by %s',
    (state, event) => {
      const to = EXPECTED[state][event];
      const move = () => credentialLifecycle.require(state, event);
      if (to === undefined) expect(move).toThrow(expect.objectContaining({ code: 'WRONG_STATE' }));
      else expect([move(), credentialLifecycle.event[event].to]).toEqual([undefined, to]);
    },
  );

  it('the lifecycle of a credential has no event in deleted, and none back from compromised or expired', () => {
    expect(credentialLifecycle.allowedFrom('deleted')).toEqual([]);
    for (const ended of ['compromised', 'expired'] as const) {
      expect(credentialLifecycle.allowedFrom(ended)).toEqual(['delete', 'service_deleted']);
    }
  });
});

describe('the state that counts now', () => {
  const NOW = 1_000;
  const [past, future] = [NOW - 1, NOW + 1];

  it.each<[CredentialState, expiresAt: number | null, overlapEndsAt: number | null, CredentialState]>([
    ['active', null, null, 'active'],
    ['active', future, null, 'active'],
    ['active', NOW, null, 'expired'],
    ['active', past, null, 'expired'],
    ['active', 0, null, 'expired'],
    ['active', null, future, 'active'],
    ['active', null, NOW, 'inactive'],
    ['active', null, past, 'inactive'],
    ['active', future, NOW, 'inactive'],
    // Expiry is final, the end of an overlap is not: it goes first.
    ['active', NOW, NOW, 'expired'],
    ['active', NOW, future, 'expired'],
    ['inactive', null, null, 'inactive'],
    ['inactive', future, null, 'inactive'],
    ['inactive', NOW, null, 'expired'],
    ['expired', null, null, 'expired'],
    ['expired', future, null, 'expired'],
    ['compromised', past, past, 'compromised'],
    ['compromised', null, null, 'compromised'],
    ['deleted', past, past, 'deleted'],
    ['deleted', future, future, 'deleted'],
  ])(
    'the effective state of a credential stored as %s, expiry %s, end of overlap %s, is %s',
    (state, expiresAt, overlapEndsAt, expected) => {
      expect(stateAt({ state, expiresAt, overlapEndsAt }, NOW)).toBe(expected);
    },
  );

  it('the effective state of a credential never goes back as time passes', () => {
    const ranks: readonly CredentialState[] = ['active', 'inactive', 'expired'];
    const moments: readonly (number | null)[] = [null, 2, 4, 6];
    const timings = moments.flatMap((expiresAt) =>
      moments.map((overlapEndsAt): CredentialTiming => ({ state: 'active', expiresAt, overlapEndsAt })),
    );
    for (const timing of timings) {
      const seen = [1, 2, 3, 4, 5, 6, 7].map((now) => ranks.indexOf(stateAt(timing, now)));
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    }
  });
});
