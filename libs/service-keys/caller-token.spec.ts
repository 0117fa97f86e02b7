import { describe, expect, it } from 'vitest';

import { SECOND } from '#core';

import { readCallerToken } from './caller-token.js';

const NOW = 1_767_225_600_000;
const IAT = NOW / SECOND;
const ISSUER = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const token = (claims: object = {}, header: object = {}): string =>
  `${encode({ alg: 'HS256', typ: 'JWT', ...header })}.${encode({ iss: ISSUER, iat: IAT, ...claims })}.c2ln`;
const reason = (text: string, now = NOW): string => {
  const read = readCallerToken(text, now);
  return 'refused' in read ? read.refused : 'accepted';
};

describe("a service's own token can be good", () => {
  it.each([
    ['with what the vendor asks for', {}, {}],
    ['without typ', {}, { typ: undefined }],
    ['with typ in small letters', {}, { typ: 'jwt' }],
    ['with an exp one second after iat', { exp: IAT + 1 }, {}],
    ['with an exp that lies far ahead', { exp: 16_112_813_000 }, {}],
    ['from a clock that is a minute ahead', { iat: IAT + 60 }, {}],
    ['in its last second', { iat: IAT - 3_599 }, {}],
    ['with an nbf within the tolerance', { nbf: IAT + 60 }, {}],
    ['with times that have a fraction', { iat: IAT - 0.5, exp: IAT + 0.25 }, {}],
    ['with a header that says more', {}, { x5t: 'AA', x5c: ['MIIB'], cty: 'JWT' }],
    ['with claims that mean nothing here', { sub: 'x', aud: ['y'], jti: 1 }, {}],
  ])("a service's own token is accepted: %s", (_, claims, header) => {
    expect(readCallerToken(token(claims, header), NOW)).toMatchObject({ issuer: ISSUER });
  });
});

describe("a service's own token is refused", () => {
  const WRONG_IAT = 'iat is missing or no NumericDate';
  const WRONG_EXP = 'exp is not a NumericDate after iat';
  const WRONG_ISS = 'iss is neither a service id nor a service key';
  it.each<[string, object, object, string]>([
    ['another algorithm', {}, { alg: 'HS512' }, 'the algorithm is not HS256'],
    ['an asymmetric one', {}, { alg: 'RS256' }, 'the algorithm is not HS256'],
    ['none', {}, { alg: 'none' }, 'the algorithm is not HS256'],
    ['another type', {}, { typ: 'at+jwt' }, 'the type is not JWT'],
    ['a kid', {}, { kid: 'k' }, 'the format has no kid'],
    ['no iss', { iss: undefined }, {}, WRONG_ISS],
    ['an iss that is no id', { iss: 'csk_secret' }, {}, WRONG_ISS],
    ['an iss in capitals', { iss: ISSUER.toUpperCase() }, {}, WRONG_ISS],
    ['an iss that is an array', { iss: [ISSUER] }, {}, WRONG_ISS],
    ['no iat', { iat: undefined }, {}, WRONG_IAT],
    ['an iat that is null', { iat: null }, {}, WRONG_IAT],
    ['an iat that is text', { iat: String(IAT) }, {}, WRONG_IAT],
    [
      'an iat that is a fraction too far ahead',
      { iat: IAT + 60.001 },
      {},
      'iat lies 61 seconds in the future: check the clock, and that it is UTC',
    ],
    [
      'an iat that is a fraction too old',
      { iat: IAT - 3_600.001 },
      {},
      'the token is 3600 seconds old: it ends 60 minutes after iat',
    ],
    ['an iat before the epoch', { iat: -1 }, {}, WRONG_IAT],
    ['an iat beyond safe integers', { iat: 2 ** 53 }, {}, WRONG_IAT],
    ['an iat in milliseconds', { iat: NOW }, {}, 'iat is in milliseconds'],
    ["the 11 digits of the vendor's sample", { iat: 16_112_812_000 }, {}, 'in the future: check the clock'],
    ['an iat past the tolerance', { iat: IAT + 61 }, {}, 'in the future: check the clock'],
    ['60 minutes to the second', { iat: IAT - 3_600, exp: IAT + 9_999 }, {}, 'it ends 60 minutes after iat'],
    ['an exp that is iat', { exp: IAT }, {}, WRONG_EXP],
    ['an exp before iat', { exp: IAT - 1 }, {}, WRONG_EXP],
    ['an exp that is text', { exp: '9999999999' }, {}, WRONG_EXP],
    ['an exp that is null', { exp: null }, {}, WRONG_EXP],
    ['an exp that is now', { iat: IAT - 10, exp: IAT }, {}, 'expired'],
    ['an nbf past the tolerance', { nbf: IAT + 61 }, {}, 'not valid yet'],
    ['an nbf that is text', { nbf: '0' }, {}, 'nbf is no NumericDate'],
  ])("a service's own token is rejected with %s", (_, claims, header, expected) => {
    expect(reason(token(claims, header))).toContain(expected);
  });

  it("a service's own token is rejected by its form before its content is read", () => {
    expect(reason('')).toContain('three parts');
    expect(reason(`${token()}=`)).toContain('base64url');
  });

  it("a service's own token is rejected from the millisecond in which its hour is over", () => {
    const text = token();
    expect(reason(text, NOW + 3_600_000 - 1)).toBe('accepted');
    expect(reason(text, NOW + 3_600_000)).toContain('it ends 60 minutes after iat');
  });
});
