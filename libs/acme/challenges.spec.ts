import { describe, expect, it } from 'vitest';

import { challengesOf, validationRetryDelay } from './challenges.js';

const PENDING = {
  state: 'pending' as const,
  name: 'a.internal',
  wildcard: false,
  challenge: null,
  dueAt: null,
  validatedAt: null,
  expiresAt: 1_000,
};

describe('the challenges of an authorization', () => {
  it('the challenges of an authorization are offered until one is chosen, and that one is processed', () => {
    const both = (first: string) => [
      { type: 'http-01', state: first },
      { type: 'dns-01', state: 'pending' },
    ];
    expect(challengesOf(PENDING, 0)).toEqual(both('pending'));
    expect(challengesOf({ ...PENDING, challenge: 'http-01', dueAt: 5 }, 0)).toEqual(both('processing'));
  });

  it('the challenges of an authorization for a wildcard are those that prove all names below', () => {
    expect(challengesOf({ ...PENDING, wildcard: true }, 0)).toEqual([{ type: 'dns-01', state: 'pending' }]);
  });

  it('the challenges of an authorization for an address are those that prove one', () => {
    expect(challengesOf({ ...PENDING, name: '10.0.0.1' }, 0)).toEqual([{ type: 'http-01', state: 'pending' }]);
  });

  it.each([
    ['valid', null, 'valid'],
    ['invalid', null, 'invalid'],
    ['deactivated', 5, 'valid'],
    ['deactivated', null, 'invalid'],
    ['expired', 5, 'valid'],
    ['expired', null, 'invalid'],
  ] as const)(
    'the challenges of an authorization that is %s (proven at %s) are the chosen one, %s',
    (state, validatedAt, shown) => {
      const row = { ...PENDING, state, validatedAt };
      expect(challengesOf({ ...row, challenge: 'http-01' }, 0)).toEqual([{ type: 'http-01', state: shown }]);
      expect(challengesOf(row, 0)).toEqual([]);
    },
  );

  it('the challenges of an authorization end with it', () => {
    expect(challengesOf({ ...PENDING, challenge: 'dns-01', dueAt: 5 }, 1_000)).toEqual([
      { type: 'dns-01', state: 'invalid' },
    ]);
  });
});

describe('the validation of a challenge', () => {
  it('the validation of a challenge is tried five times within half a minute', () => {
    const delays = [1, 2, 3, 4, 5].map((attempts) => validationRetryDelay(attempts));
    expect(delays).toEqual([2_000, 4_000, 8_000, 15_000, undefined]);
  });
});
