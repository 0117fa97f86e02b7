import { describe, expect, it } from 'vitest';

import { SECOND } from '#core';

import { audienceOf, callerClaims, checkTimes, isTokenId, lifetimeSeconds } from './claims.js';
import type { ProfileFacts } from './token-format.js';

const PROFILE: ProfileFacts = {
  name: 'partner-api',
  issuer: 'https://tokens.example',
  statedIssuer: null,
  audience: ['one', 'two'],
  ttlSeconds: 60,
  maxTtlSeconds: 600,
  skewSeconds: 30,
  fixedClaims: { plan: 'gold' },
  allowedClaims: ['scope'],
  requiredClaims: ['scope', 'plan'],
  formatVersion: null,
  settings: {},
};
const NOW = 1_000_000;

/** The findings of what was refused. */
function errorsOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { errors: { pointer: string; code: string }[] }).errors.map(
      ({ pointer, code }) => `${pointer} ${code}`,
    );
  }
}

describe('claims of a caller', () => {
  it('the claims of a caller are accepted where the profile allows them', () => {
    expect(callerClaims(PROFILE, { scope: 'read' })).toEqual({ scope: 'read' });
    expect(callerClaims({ ...PROFILE, allowedClaims: ['*'] }, { scope: '', own: 1 })).toEqual({ scope: '', own: 1 });
  });

  it('the claims of a caller are rejected together, with required ones that are missing', () => {
    expect(errorsOf(() => callerClaims(PROFILE, { exp: 1, plan: 'free', 'a/b': 1 }))).toEqual([
      '/claims/exp CLAIM_NOT_ALLOWED',
      '/claims/plan CLAIM_NOT_ALLOWED',
      '/claims/a~1b CLAIM_NOT_ALLOWED',
      '/claims/scope CLAIM_REQUIRED',
    ]);
  });

  it('the claims of a caller are not those that every object inherits', () => {
    const requiring = { ...PROFILE, requiredClaims: ['toString'], allowedClaims: ['*'] };
    expect(errorsOf(() => callerClaims(requiring, {}))).toEqual(['/claims/toString CLAIM_REQUIRED']);
    expect(callerClaims({ ...requiring, requiredClaims: [] }, { constructor: 'x' })).toEqual({ constructor: 'x' });
  });
});

describe('the lifetime', () => {
  it.each([
    [undefined, 60],
    [600, 600],
    [601, ['/ttlSeconds TTL_TOO_LONG']],
  ])('the lifetime asked for as %s is %j', (requested, expected) => {
    expect(errorsOf(() => lifetimeSeconds(PROFILE, requested))).toEqual(expected);
  });
});

describe('the audience', () => {
  it.each([
    [['one', 'two'], undefined, ['one', 'two']],
    [['one'], undefined, 'one'],
    [[], undefined, undefined],
    [[], 'any', 'any'],
    [['one', 'two'], 'two', 'two'],
    [['one', 'two'], ['two'], ['two']],
    [['one', 'two'], 'three', ['/audience AUDIENCE_NOT_ALLOWED']],
    [['one', 'two'], ['one', 'three'], ['/audience AUDIENCE_NOT_ALLOWED']],
  ])('the audience of a profile with %j, asked for as %j, is %j', (audience, requested, expected) => {
    expect(errorsOf(() => audienceOf({ ...PROFILE, audience }, requested))).toEqual(expected);
  });
});

describe('times', () => {
  it.each([
    [{ exp: NOW + 1 }, undefined],
    [{ exp: NOW - 29 }, undefined],
    [{ exp: NOW - 30 }, 'EXPIRED_TOKEN'],
    [{ exp: NOW + 60, nbf: NOW + 30 }, undefined],
    [{ exp: NOW + 60, nbf: NOW + 31 }, 'TOKEN_NOT_YET_VALID'],
    [{ exp: NOW + 60, iat: NOW + 31 }, 'TOKEN_NOT_YET_VALID'],
    [{ exp: NOW + 630 }, undefined],
    [{ exp: NOW + 631 }, 'INVALID_CLAIMS'],
    [{ exp: NOW + 60, iat: NOW - 571 }, 'INVALID_CLAIMS'],
    [{}, 'INVALID_CLAIMS'],
    [{ exp: null }, 'INVALID_CLAIMS'],
    [{ exp: NOW + 60, nbf: '0' }, 'INVALID_CLAIMS'],
  ])('the times %j are %s', (claims, code) => {
    expect(checkTimes(claims, PROFILE, NOW * SECOND + 999)).toBe(code);
  });
});

it('a token id has 8 to 128 plain characters', () => {
  expect(['a'.repeat(8), 'A-z_0.9~:', 'a'.repeat(128)].map(isTokenId)).toEqual([true, true, true]);
  const refused = ['a'.repeat(7), 'a'.repeat(129), 'with blank', 'äöüäöüäö', 'trailing\n', 12_345_678, undefined];
  expect(refused.map(isTokenId)).toEqual(refused.map(() => false));
});
