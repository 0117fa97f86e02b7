import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { JWKS_MAX_AGE_SECONDS } from '#keys';
import { type TokenVerifierOptions, tokenVerifier } from '#sdk/verify';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer, createProfile, unsigned } from '../signing/issuer.js';
import { startExpress, startNest } from './applications.js';

const AUDIENCE = 'https://orders.example';

let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
let stranger: TestIssuer;
let options: TokenVerifierOptions;
const applications: Record<string, string> = {};
const closings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'guards');
  issuer = await createIssuer(server, tenant, { audience: [AUDIENCE] });
  stranger = await createIssuer(server, await createTenant(server, 'strangers'), { audience: [AUDIENCE] });
  options = { issuer: `${server.url}${tenant.path}`, audience: AUDIENCE, now: () => new Date(server.clock.now()) };
  for (const [name, application] of [
    ['Nest', await startNest(options, server.url)],
    ['Express', await startExpress(options)],
  ] as const) {
    applications[name] = application.url;
    closings.push(application.close);
  }
});
afterAll(async () => {
  for (const close of closings) await close();
  await server.close();
});

const ask = async (application: string, authorization?: string) => {
  const answer = await fetch(`${applications[application]}/orders`, {
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });
  const challenge = answer.headers.get('WWW-Authenticate');
  return { status: answer.status, challenge, body: (await answer.json()) as Record<string, unknown> };
};

const tokenFor = async (subject: string, profile?: string): Promise<string> =>
  (await issuer.sign({ subject }, profile)).body['token']!;

/** Tokens that a verifier has to reject, each wrong in one way. */
const REJECTED: readonly (readonly [what: string, code: string, token: () => Promise<string>])[] = [
  ['no JWT', 'MALFORMED_TOKEN', async () => 'abc'],
  ['of another tenant', 'UNKNOWN_KID', async () => (await stranger.sign({})).body['token']!],
  ['of another audience', 'INVALID_CLAIMS', async () => issuer.forge({ aud: 'https://other.example' })],
  ['without an audience', 'INVALID_CLAIMS', async () => issuer.forge({})],
  ['of another issuer', 'INVALID_CLAIMS', async () => issuer.forge({ aud: AUDIENCE, iss: 'https://other.example' })],
  ['without an end', 'INVALID_CLAIMS', async () => issuer.forge({ aud: AUDIENCE, exp: undefined })],
  ['expired', 'EXPIRED_TOKEN', async () => issuer.forge({ aud: AUDIENCE, exp: server.clock.now() / 1_000 - 60 })],
  ['not valid yet', 'TOKEN_NOT_YET_VALID', async () => issuer.forge({ aud: AUDIENCE, nbf: nowSeconds() + 60 })],
  ['not signed', 'ALGORITHM_NOT_ALLOWED', async () => `${unsigned({ alg: 'none' }, goodClaims())}.`],
  [
    'signed with the public key as a shared secret',
    'ALGORITHM_NOT_ALLOWED',
    async () => {
      const secret = new TextEncoder().encode(JSON.stringify(await issuer.jwk()));
      return new SignJWT(goodClaims()).setProtectedHeader({ alg: 'HS256', kid: issuer.kid }).sign(secret);
    },
  ],
  [
    'with another signature',
    'INVALID_SIGNATURE',
    async () => {
      const [header, claims] = (await tokenFor('order-1')).split('.');
      const [, , signature] = (await tokenFor('order-2')).split('.');
      return `${header}.${claims}.${signature}`;
    },
  ],
];

const nowSeconds = (): number => Math.floor(server.clock.now() / 1_000);
const goodClaims = () => ({ iss: options.issuer, aud: AUDIENCE, exp: nowSeconds() + 300 });

describe.each(['Nest', 'Express'])('an application of %s', (application) => {
  it(`a token of the issuer is accepted by ${application}, and its claims are there`, async () => {
    const accepted = await ask(application, `bearer ${await tokenFor('order-4711')}`);
    expect(accepted).toEqual({ status: 200, challenge: null, body: { subject: 'order-4711', server: 'live' } });
  });

  it(`a request without a token is asked for one by ${application}`, async () => {
    const expected = { status: 401, challenge: 'Bearer', body: { code: 'CREDENTIALS_REQUIRED' } };
    expect(await ask(application)).toMatchObject(expected);
    expect(await ask(application, 'Basic YTpi')).toMatchObject(expected);
  });

  it.each(REJECTED)(`a token that is %s is rejected by ${application}`, async (_, code, token) => {
    const refused = await ask(application, `Bearer ${await token()}`);
    expect(refused).toMatchObject({ status: 401, body: { statusCode: 401, code } });
    expect(refused.challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"]+"$/);
  });
});

describe('a verifier of tokens', () => {
  /** A verifier, and how often it read the keys. */
  const counting = (more: Partial<TokenVerifierOptions> = {}) => {
    const read = { count: 0 };
    const verify = tokenVerifier({
      ...options,
      fetch: (url, init) => {
        read.count += 1;
        return fetch(url, init);
      },
      ...more,
    });
    return { read, verify };
  };

  it('the keys are read once for all tokens, and once more for a key that they did not have', async () => {
    const { read, verify } = counting({ keysRereadSeconds: 0 });
    const first = await tokenFor('order-1');
    await Promise.all([verify(first), verify(first), verify(first)]);
    expect(read.count).toBe(1);
    const { profile } = await createIssuer(server, tenant, { audience: [AUDIENCE], algorithm: 'EdDSA' });
    expect(await verify(await tokenFor('order-2', profile))).toMatchObject({ sub: 'order-2' });
    expect(read.count).toBe(2);
  });

  it('tokens of unknown keys do not make a verifier read the keys again and again', async () => {
    const { read, verify } = counting();
    const { token } = (await stranger.sign({})).body;
    for (let round = 0; round < 5; round += 1) {
      await expect(verify(token!)).rejects.toMatchObject({ code: 'UNKNOWN_KID' });
    }
    expect(read.count).toBe(1);
  });

  it('a token is neither accepted nor rejected while the keys cannot be read', async () => {
    const token = await tokenFor('order-1');
    for (const answer of [
      async () => Promise.reject(new TypeError('connection refused')),
      async () => new Response(''),
    ]) {
      const { verify } = counting({ fetch: answer });
      await expect(verify(token)).rejects.toMatchObject({ status: 503, code: 'KEYS_UNAVAILABLE' });
    }
  });

  it('a token of an algorithm that is not named is rejected, although the tenant signs with it', async () => {
    const { verify } = counting({ algorithms: ['EdDSA'] });
    await expect(verify(await tokenFor('order-1'))).rejects.toMatchObject({ code: 'ALGORITHM_NOT_ALLOWED' });
  });

  it('keys are kept as long as their staged rotation allows', async () => {
    const profile = await createProfile(server, tenant, { keyId: issuer.keyId, audience: [AUDIENCE] });
    const { read, verify } = counting({ keysMaxAgeSeconds: 0 });
    for (let round = 0; round < 2; round += 1) await verify(await tokenFor('order-1', profile));
    expect(read.count).toBe(2);
    // The default, which the documentation of the option names.
    expect(JWKS_MAX_AGE_SECONDS).toBe(300);
  });

  it.each([
    ['a shared secret', { algorithms: ['ES256', 'HS256'] }],
    ['no signature', { algorithms: ['none'] }],
    ['no algorithm', { algorithms: [] }],
    ['any audience', { audience: '' }],
    ['any of no audiences', { audience: [] }],
    ['any issuer', { issuer: '', jwksUrl: 'https://keys.example/jwks.json' }],
    ['keys that can be changed on their way', { issuer: 'http://keys.example' }],
  ])('options that permit %s are rejected', (_, more: Partial<TokenVerifierOptions>) => {
    expect(() => tokenVerifier({ ...options, ...more })).toThrow(TypeError);
  });
});
