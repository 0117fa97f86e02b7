import { describe, expect, it } from 'vitest';

import { invitationLifecycle, invitationStateAt } from './invitation.js';

describe('an invitation', () => {
  it('an invitation is accepted, withdrawn or expires once, and only while it is pending', () => {
    const edges = invitationLifecycle.states.map((state) => [state, invitationLifecycle.allowedFrom(state)]);
    expect(edges).toEqual([
      ['pending', ['accept', 'withdraw', 'expire']],
      ['accepted', []],
      ['withdrawn', []],
      ['expired', []],
    ]);
  });

  it.each([
    ['pending', 1_001, 'pending'],
    ['pending', 1_000, 'expired'],
    ['accepted', 1_000, 'accepted'],
    ['withdrawn', 999, 'withdrawn'],
  ] as const)('an invitation that is %s and expires at %i counts as %s at 1000', (state, expiresAt, expected) => {
    expect(invitationStateAt({ state, expiresAt }, 1_000)).toBe(expected);
  });
});
