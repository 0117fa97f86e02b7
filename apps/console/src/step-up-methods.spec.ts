import { describe, expect, it } from 'vitest';

import { stepUpMethods } from './step-up-methods.js';

const factor = (kind: 'totp' | 'passkey') => ({
  id: kind,
  kind,
  name: kind,
  createdAt: '2026-01-01T00:00:00.000Z',
  confirmedAt: null,
  lastUsedAt: null,
});

describe('the methods of a step-up', () => {
  it('an account without a second factor has its password only', () => {
    expect(stepUpMethods(undefined, false)).toEqual(['password']);
    expect(stepUpMethods({ items: [], recoveryCodesLeft: 0 }, true)).toEqual(['password']);
  });

  it('a passkey comes before a code, and the password last', () => {
    const factors = { items: [factor('totp'), factor('passkey')], recoveryCodesLeft: 3 };
    expect(stepUpMethods(factors, false)).toEqual(['passkey', 'totp', 'recovery_code', 'password']);
  });

  it('where only a second factor counts, the password is not offered, nor recovery codes that are used up', () => {
    expect(stepUpMethods({ items: [factor('totp')], recoveryCodesLeft: 0 }, true)).toEqual(['totp']);
  });
});
