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

  it('the state of an ACME order follows the clock: it expires, and an issuance that did not end is given up', () => {
    const at = (state: 'pending' | 'ready' | 'processing' | 'valid', now: number) =>
      acmeOrderLifecycle.stateAt({ state, expiresAt: 1_000, processingSince: 900 }, now);
    expect([at('pending', 999), at('ready', 1_000), at('valid', 1_000)]).toEqual(['pending', 'invalid', 'valid']);
    // What was begun in time may end.
    expect([at('processing', 1_000), at('processing', 900 + 5 * MINUTE)]).toEqual(['processing', 'invalid']);
  });
});
