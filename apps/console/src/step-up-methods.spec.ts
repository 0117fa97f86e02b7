import { describe, expect, it } from 'vitest';

import { type StepUpFacts, stepUpMethods } from './step-up-methods.js';

const factor = (kind: 'totp' | 'passkey') => ({
  id: kind,
  kind,
  name: kind,
  createdAt: '2026-01-01T00:00:00.000Z',
  confirmedAt: null,
  lastUsedAt: null,
});

const methods = (facts: Partial<StepUpFacts>) =>
  stepUpMethods({ factors: undefined, byProvider: false, secondFactorOnly: false, ...facts });

describe('the methods of a step-up', () => {
  it('an account without a second factor has its password only', () => {
    expect(methods({})).toEqual(['password']);
    expect(methods({ factors: { items: [], recoveryCodesLeft: 0 }, secondFactorOnly: true })).toEqual(['password']);
  });

  it('a passkey comes before a code, and the password last', () => {
    const factors = { items: [factor('totp'), factor('passkey')], recoveryCodesLeft: 3 };
    expect(methods({ factors })).toEqual(['passkey', 'totp', 'recovery_code', 'password']);
  });

  it('where only a second factor counts, the password is not offered, nor recovery codes that are used up', () => {
    const factors = { items: [factor('totp')], recoveryCodesLeft: 0 };
    expect(methods({ factors, secondFactorOnly: true, byProvider: true })).toEqual(['totp']);
  });

  it('who signed in by an identity provider can do so again', () => {
    expect(methods({ byProvider: true })).toEqual(['provider', 'password']);
  });
});
