import { describe, expect, it } from 'vitest';

import { type Lifecycle, MINUTE } from '#core';

import { acmeAccountLifecycle, acmeAuthorizationLifecycle, acmeOrderLifecycle } from './lifecycle.js';

/** Every event that is accepted in each state, without repetitions that change nothing. */
const tableOf = (lifecycle: Pick<Lifecycle, 'states' | 'allowedFrom'>) =>
  Object.fromEntries(lifecycle.states.map((state) => [state, lifecycle.allowedFrom(state)]));

describe('the states of RFC 8555 §7.1.6', () => {
  it('the states of an ACME account end with its deactivation or revocation', () => {
    expect(tableOf(acmeAccountLifecycle)).toEqual({
      valid: ['deactivate', 'revoke'],
      deactivated: ['revoke'],
      revoked: [],
    });
  });

  it('the states of an ACME order lead from its authorizations to a certificate, or to none', () => {
    expect(tableOf(acmeOrderLifecycle)).toEqual({
      pending: ['authorize', 'fail', 'expire'],
      ready: ['fail', 'finalize', 'expire'],
      processing: ['reject', 'issue', 'abandon'],
      valid: [],
      invalid: [],
    });
  });

  it('the states of an ACME authorization are decided once', () => {
    expect(tableOf(acmeAuthorizationLifecycle)).toEqual({
      pending: ['validate', 'fail', 'deactivate', 'expire'],
      valid: ['deactivate', 'expire'],
      invalid: [],
      deactivated: [],
      expired: [],
    });
  });

  it('the state of an ACME order follows the clock: it expires, and is ready again where an issuance did not end', () => {
    const at = (state: 'pending' | 'ready' | 'processing' | 'valid', now: number) =>
      acmeOrderLifecycle.stateAt({ state, expiresAt: 9 * MINUTE, processingSince: 1 * MINUTE }, now);
    const ends = 9 * MINUTE;
    expect([at('pending', ends - 1), at('ready', ends), at('valid', ends)]).toEqual(['pending', 'invalid', 'valid']);
    expect([at('processing', 6 * MINUTE - 1), at('processing', 6 * MINUTE)]).toEqual(['processing', 'ready']);
    expect(at('processing', ends)).toBe('invalid');
    // What was begun in time may end.
    const late = { state: 'processing' as const, expiresAt: ends, processingSince: ends - 1 };
    expect(acmeOrderLifecycle.stateAt(late, ends)).toBe('processing');
  });
});
