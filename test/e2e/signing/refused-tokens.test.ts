import { createHmac, createPublicKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, MINUTE, ManualClock, SECOND } from '#core';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer, createProfile, goodClaims, unsigned } from './issuer.js';

const START = new ManualClock().now();
const AUDIENCE = 'https://api.partner.example';

let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
let token: string;
const clock = new ManualClock();

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'refused');
  issuer = await createIssuer(server, tenant, { audience: [AUDIENCE], allowedClaims: ['*'] });
  token = (await issuer.sign()).body['token']!;
});
afterAll(() => server.close());

/** The code of the verdict; a bad token is an answer, never an error. */
async function codeOf(presented: string, by: TestIssuer = issuer, profile = by.profile): Promise<string> {
  const { status, body } = await by.verify(presented, profile);
  expect(status).toBe(200);
  expect(body['valid']).toBe(body['code'] === 'OK');
  return body['code']!;
}

/** At another time, and back. */
async function at<T>(instant: number, work: () => Promise<T>): Promise<T> {
  await server.setTime(instant);
  try {
    return await work();
  } finally {
    await server.setTime(START);
  }
}

const replacePart = (text: string, index: number, part: string): string => text.split('.').with(index, part).join('.');
const forge = (claims: object, header?: object) => issuer.forge({ aud: AUDIENCE, ...claims }, header);
const now = START / SECOND;

it('a token that the rejected ones are made from is accepted', async () => {
  expect([await codeOf(token), await codeOf(await forge({}))]).toEqual(['OK', 'OK']);
});

describe('a token of somebody else', () => {
  it('a token signed by another tenant, or by another key of the same tenant, has no known key', async () => {
    const stranger = await createIssuer(server, await createTenant(server, 'stranger'), { audience: [AUDIENCE] });
    const sibling = await createIssuer(server, tenant, { audience: [AUDIENCE] });
    for (const other of [stranger, sibling]) {
      expect(await codeOf((await other.sign()).body['token']!)).toBe('UNKNOWN_KID');
      expect(await codeOf(token, other)).toBe('UNKNOWN_KID');
    }
    const claims = goodClaims(server, tenant);
    expect(await codeOf(await stranger.forge({ ...claims, aud: AUDIENCE }, { kid: issuer.kid }))).toBe(
      'INVALID_SIGNATURE',
    );
  });

  it('a token without a kid, or with an unknown one, is rejected', async () => {
    expect(await codeOf(await forge({}, { kid: undefined }))).toBe('UNKNOWN_KID');
    expect(await codeOf(await forge({}, { kid: '00000000-0000-4000-8000-000000000000' }))).toBe('UNKNOWN_KID');
  });

  it.each(['user@example.com', 'keys/1', 'Q7uM40TqLd/LTKRINhBRMz3E=', '', 'k'.repeat(3_000), 'a\u0000b', "' OR 1=1"])(
    'a token with the kid %j of another party has an unknown one',
    async (kid) => {
      const { body } = await issuer.verify(await forge({}, { kid }));
      expect(body).toEqual({ valid: false, code: 'UNKNOWN_KID' });
      const diagnosis = { profile: issuer.profile, token: await forge({}, { kid }) };
      const { serviceKey } = issuer.service;
      expect((await server.post('/v1/diagnose', diagnosis, { serviceKey })).text).toContain('WRONG_KID');
    },
  );
});

describe('another algorithm', () => {
  it.each(['none', 'None', 'NONE', '', 'HS1'])('the algorithm %j is rejected', async (alg) => {
    const text = unsigned({ alg, typ: 'JWT', kid: issuer.kid }, goodClaims(server, tenant));
    expect(await codeOf(`${text}.AAAA`)).toBe('ALGORITHM_NOT_ALLOWED');
    expect(await codeOf(`${text}.`)).toBe('ALGORITHM_NOT_ALLOWED');
  });

  it('a token by another algorithm than that of its key is rejected, even with a true signature', async () => {
    expect(await codeOf(await forge({}, { alg: 'ES384' }))).toBe('ALGORITHM_NOT_ALLOWED');
    expect(await codeOf(await forge({}, { alg: 'HS256' }))).toBe('ALGORITHM_NOT_ALLOWED');
  });

  it('a token signed with the public key as a shared secret is rejected (RFC 8725 §2.1)', async () => {
    const rsa = await createIssuer(server, tenant, { algorithm: 'RS256' });
    const jwk = await rsa.jwk();
    const publicKey = createPublicKey({ key: jwk as never, format: 'jwk' });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const secrets = {
      pem,
      trimmed: pem.trim(),
      carriageReturns: pem.replaceAll('\n', '\r\n'),
      pkcs1Pem: publicKey.export({ type: 'pkcs1', format: 'pem' }),
      pkcs1: publicKey.export({ type: 'pkcs1', format: 'der' }),
      spki,
      base64: spki.toString('base64'),
      jwk: JSON.stringify(jwk),
      modulus: Buffer.from(jwk!['n']!, 'base64url'),
    };
    const text = unsigned({ alg: 'HS256', typ: 'JWT', kid: rsa.kid }, goodClaims(server, tenant));
    for (const secret of Object.values(secrets)) {
      const signature = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await codeOf(`${text}.${signature}`, rsa)).toBe('ALGORITHM_NOT_ALLOWED');
    }
  });
});

describe('an altered token', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('an altered token is rejected for its signature', async () => {
    const [header, claims, signature] = token.split('.') as [string, string, string];
    const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    const flipped = Buffer.from(signature, 'base64url');
    flipped[0]! ^= 1;
    expect(await codeOf(replacePart(token, 1, encode({ ...decoded, sub: 'root' })))).toBe('INVALID_SIGNATURE');
    expect(await codeOf(replacePart(token, 0, encode({ kid: issuer.kid, alg: 'ES256' })))).toBe('INVALID_SIGNATURE');
    expect(await codeOf(`${header}.${claims}.${flipped.toString('base64url')}`)).toBe('INVALID_SIGNATURE');
    expect(await codeOf(token.slice(0, -6))).toBe('INVALID_SIGNATURE');
  });

  it.each([
    ['cut', (text: string) => text.split('.').slice(0, 2).join('.')],
    ['longer', (text: string) => `${text}.e30`],
    ['padded', (text: string) => `${text}==`],
    ['with a blank', (text: string) => ` ${text}`],
    ['no token', () => 'not a token'],
  ])('an altered token is malformed: %s', async (_, alter) => {
    expect(await codeOf(alter(token))).toBe('MALFORMED_TOKEN');
  });

  it.each([
    ['crit', { crit: ['exp'] }],
    ['crit and b64', { crit: ['b64'], b64: false }],
    ['b64', { b64: true }],
    ['a kid that is a number', { kid: 1 }],
  ])('a token whose header has %s is rejected', async (_, header) => {
    expect(await codeOf(await forge({}, header))).toBe('MALFORMED_TOKEN');
  });

  it('a token whose header names keys elsewhere is verified by our key alone (RFC 7515 §4, RFC 8725 §3.10)', async () => {
    const stranger = await createIssuer(server, tenant);
    const jwk = (await stranger.jwk())!;
    const elsewhere = {
      jwk,
      jku: 'https://attacker.example/jwks.json',
      x5c: ['AAAA'],
      x5t: 'AA',
      cty: 'JWT',
    };
    expect(await codeOf(await forge({}, elsewhere))).toBe('OK');
    const claims = { ...goodClaims(server, tenant), aud: AUDIENCE };
    expect(await codeOf(await stranger.forge(claims, { kid: issuer.kid, jwk }))).toBe('INVALID_SIGNATURE');
  });

  it('a token whose header has a member twice is rejected', async () => {
    const header = `{"alg":"ES256","kid":"${issuer.kid}","alg":"none"}`;
    const claims = `{"iss":"me","exp":${now + 300},"iss":"you"}`;
    expect(await codeOf(`${unsigned(header, '{}')}.AAAA`)).toBe('MALFORMED_TOKEN');
    expect(await codeOf(`${unsigned({ alg: 'ES256', kid: issuer.kid }, claims)}.AAAA`)).toBe('MALFORMED_TOKEN');
  });
});

describe('time', () => {
  it.each([
    ['within its lifetime', 300 * SECOND - 1, 'OK'],
    ['within the tolerance after it', 360 * SECOND - 1, 'OK'],
    ['after that', 360 * SECOND, 'EXPIRED_TOKEN'],
    ['much later', 30 * DAY, 'EXPIRED_TOKEN'],
    ['slightly before it was issued', -MINUTE, 'OK'],
    ['before that', -MINUTE - SECOND, 'TOKEN_NOT_YET_VALID'],
  ])('the times of a token are checked by our clock: %s', async (_, offset, code) => {
    expect(await at(START + offset, () => codeOf(token))).toBe(code);
  });

  it.each([
    ['no exp', { exp: undefined }, 'INVALID_CLAIMS'],
    ['exp as text', { exp: String(now + 300) }, 'INVALID_CLAIMS'],
    ['times with fractions', { iat: now - 0.75, nbf: now - 0.5, exp: now + 299.25 }, 'OK'],
    ['a fraction of a second after its end', { iat: now - 300, exp: now - 60.001 }, 'EXPIRED_TOKEN'],
    ['an end within the tolerance by a fraction', { iat: now - 300, exp: now - 59.999 }, 'OK'],
    ['an iat in the future by a fraction', { iat: now + 60.001 }, 'TOKEN_NOT_YET_VALID'],
    ['a negative exp', { exp: -1 }, 'INVALID_CLAIMS'],
    ['iat as text', { iat: 'today' }, 'INVALID_CLAIMS'],
    ['a lifetime at the limit', { exp: now + 3_660 }, 'OK'],
    ['too long a lifetime', { exp: now + 3_661 }, 'INVALID_CLAIMS'],
    ['too long a lifetime and no iat', { iat: undefined, exp: now + 3_661 }, 'INVALID_CLAIMS'],
    ['an nbf in the future', { nbf: now + 61 }, 'TOKEN_NOT_YET_VALID'],
    ['an iat in the future', { iat: now + 61, exp: now + 361 }, 'TOKEN_NOT_YET_VALID'],
  ])('the times of a token are bounded: %s', async (_, claims, code) => {
    expect(await codeOf(await forge(claims))).toBe(code);
  });
});

describe('claims', () => {
  it.each([
    ['another issuer', { iss: 'https://elsewhere.example' }, 'INVALID_CLAIMS'],
    ['no issuer', { iss: undefined }, 'INVALID_CLAIMS'],
    ['a list of issuers', { iss: ['https://elsewhere.example'] }, 'INVALID_CLAIMS'],
    ['another audience', { aud: 'https://other.example' }, 'INVALID_CLAIMS'],
    ['no audience', { aud: undefined }, 'INVALID_CLAIMS'],
    ['our audience among others', { aud: ['https://other.example', AUDIENCE] }, 'OK'],
    ['no jti', { jti: undefined }, 'INVALID_JTI'],
    ['a short jti', { jti: 'x' }, 'INVALID_JTI'],
    ['a jti with a blank', { jti: 'not an identifier' }, 'INVALID_JTI'],
  ])('the claims of a token must hold: %s', async (_, claims, code) => {
    expect(await codeOf(await forge(claims))).toBe(code);
  });

  it('the claims that the profile requires must be in a token', async () => {
    const { keyId } = issuer;
    const profile = await createProfile(server, tenant, { keyId, requiredClaims: ['scope'], allowedClaims: ['scope'] });
    expect(await codeOf(token, issuer, profile)).toBe('INVALID_CLAIMS');
    const complete = await issuer.sign({ claims: { scope: 'all' } }, profile);
    expect(await codeOf(complete.body['token']!, issuer, profile)).toBe('OK');
  });

  it('the claims of a token are shown only once the signature holds', async () => {
    const forged = await issuer.verify(replacePart(token, 2, 'AAAA'));
    expect(forged.body).toEqual({ valid: false, code: 'INVALID_SIGNATURE', kid: issuer.kid });
    const expired = await at(START + DAY, () => issuer.verify(token));
    expect(expired.body).toMatchObject({ valid: false, code: 'EXPIRED_TOKEN', claims: { aud: AUDIENCE } });
  });
});
