import { describe, expect, it } from 'vitest';

import {
  type AuthorityState,
  type CertificateState,
  authorityLifecycle,
  authorityStateAt,
  certificateLifecycle,
  certificateStateAt,
} from './lifecycle.js';

/** The lifecycle, written down a second time: what each event makes of each state; `-` where it is refused. */
const CERTIFICATES: Readonly<Record<CertificateState, readonly string[]>> = {
  //        activate, hold,   release,  revoke,  authority_revoked, expire, abandon, compromise
  issuing: ['active', '-', '-', '-', '-', '-', 'revoked', '-'],
  active: ['-', 'held', '-', 'revoked', 'revoked', 'expired', '-', '-'],
  held: ['-', '-', 'active', 'revoked', 'revoked', 'expired', '-', '-'],
  revoked: ['-', '-', '-', '-', '-', '-', '-', 'revoked'],
  expired: ['-', '-', '-', 'revoked', '-', '-', '-', '-'],
};
const AUTHORITIES: Readonly<Record<AuthorityState, readonly string[]>> = {
  //        activate, renew,    revoke,    expire,    compromise
  pending: ['active', '-', 'revoked', 'expired', '-'],
  active: ['-', 'active', 'revoked', 'expired', '-'],
  revoked: ['-', '-', '-', '-', 'revoked'],
  expired: ['-', '-', 'revoked', '-', '-'],
};

describe.each([
  ['certificate', certificateLifecycle, CERTIFICATES],
  ['certificate authority', authorityLifecycle, AUTHORITIES],
] as const)('the lifecycle of a %s', (subject, lifecycle, table) => {
  it.each(Object.entries(table))(`the lifecycle of a ${subject} from %s`, (state, outcomes) => {
    const events = Object.values(lifecycle.event);
    const reached = events.map(({ from, to }) => ((from as readonly string[]).includes(state) ? to : '-'));
    expect(reached).toEqual(outcomes);
  });

  it(`the lifecycle of a ${subject} has a row for each state`, () =>
    expect(Object.keys(table)).toEqual(lifecycle.states));
});

describe('the state that counts', () => {
  const END = 1_000;

  it.each<[CertificateState, CertificateState]>([
    ['issuing', 'issuing'],
    ['active', 'expired'],
    ['held', 'expired'],
    ['revoked', 'revoked'],
    ['expired', 'expired'],
  ])('the effective state of a certificate that is %s is %s after its end, and its own until then', (state, after) => {
    expect(certificateStateAt({ state, notAfter: END }, END)).toBe(state);
    expect(certificateStateAt({ state, notAfter: END }, END + 1)).toBe(after);
  });

  it.each<[AuthorityState, AuthorityState]>([
    ['pending', 'expired'],
    ['active', 'expired'],
    ['revoked', 'revoked'],
    ['expired', 'expired'],
  ])('the effective state of an authority that is %s is %s after its end, and its own until then', (state, after) => {
    expect(authorityStateAt({ state, notAfter: END }, END)).toBe(state);
    expect(authorityStateAt({ state, notAfter: END }, END + 1)).toBe(after);
  });
});
