import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CompactSign, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SECOND, toEpochSeconds } from '#core';

import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createProfile, createService } from '../signing/issuer.js';
import { type Vendor, createVendor } from './vendor.js';

const SECRET = { algorithm: 'HS256', format: 'secret', data: 'the company secret of the portal, raw text' } as const;
const ISSUER = 'https://login.example.com';
const AUDIENCE = 'our-web-app';
const USER = { identifier: 'user-42', name: 'Ada Lovelace', email: 'ada@example.com' };

const pair = await generateKeyPair('ES256', { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }] };

/** Answers the keys of the issuer, and counts how often it was asked. */
let asked = 0;
let published = jwks;
let isOutOfOrder = false;
const issuerServer = createServer((_, response) => {
  asked += 1;
  if (isOutOfOrder) response.statusCode = 503;
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(published));
});
const jwksUrl = await new Promise<string>((resolve) => {
  issuerServer.listen(0, '127.0.0.1', () =>
    resolve(`http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}/jwks`),
  );
});

let server: TestServer;
let tenant: TestTenant;
let vendor: Vendor;
beforeAll(async () => {
  server = await startTestServer({ environment: { CHANCERY_JWKS_URLS: jwksUrl } });
  tenant = await createTenant(server, 'ccai');
  vendor = await createVendor(server, tenant, 'ccai-user', SECRET, {
    issuer: 'AMCE',
    settings: { trustedIssuer: { issuer: ISSUER, audience: AUDIENCE, jwks } },
  });
});
afterAll(async () => {
  await server.close();
  issuerServer.close();
});

const now = (): number => toEpochSeconds(server.clock.now());
const idToken = (claims: object = {}, key = pair.privateKey, header: object = {}): Promise<string> =>
  new SignJWT({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'subject-7',
    name: 'Grace Hopper',
    email: 'grace@example.com',
    iat: now(),
    exp: now() + 300,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
    .sign(key);
const claimsOf = (token: string): Shape =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Shape;
const create = (body: object, serviceKey = vendor.serviceKey) => server.post('/v1/auth/token', body, { serviceKey });

describe('POST /v1/auth/token', () => {
  it('POST /v1/auth/token answers the shape that the platform expects', async () => {
    const answer = await create(USER);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['token']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Object.entries(claimsOf(answer.body['token']!))).toEqual(
      Object.entries({ iss: 'AMCE', iat: now(), exp: now() + 3_600, ...USER }),
    );
  });

  it('POST /v1/auth/token knows anonymous users, each by an id of its own', async () => {
    const tokens = [await create({ anonymous: true }), await create({ anonymous: true })];
    const claims = tokens.map(({ body }) => claimsOf(body['token']!));
    expect(Object.keys(claims[0]!)).toEqual(['iss', 'iat', 'exp', 'identifier']);
    expect(claims[0]!['identifier']).toMatch(/^anon_[0-9a-f-]{36}$/);
    expect(claims[0]!['identifier']).not.toBe(claims[1]!['identifier']);
  });

  it.each([
    ['nobody', {}],
    ['half a user', { identifier: 'user-42', name: 'Ada' }],
    ['an anonymous user with a name', { anonymous: true, name: 'Ada' }],
    ['a longer life', { ...USER, ttlSeconds: 3_601 }],
    ['a control character', { ...USER, name: 'A\u0000da' }],
    ['another field', { ...USER, role: 'admin' }],
  ])('POST /v1/auth/token rejects %s', async (_what, body) => {
    expect(await create(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('POST /v1/auth/token shortens a lifetime, and asks which profile is meant where there are several', async () => {
    const { body } = await create({ ...USER, ttlSeconds: 60 });
    expect(claimsOf(body['token']!)['exp']).toBe(now() + 60);
    const other = await createProfile(server, tenant, { format: 'ccai-user', keyId: vendor.keyId, issuer: 'OTHER' });
    const { serviceKey } = await createService(server, tenant, ['*']);
    expect(await create(USER, serviceKey)).toMatchObject({ status: 400, body: { code: 'AMBIGUOUS_PROFILE' } });
    const named = await server.post(`/v1/auth/token?profile=${other}`, USER, { serviceKey });
    expect(claimsOf(named.body['token']!)['iss']).toBe('OTHER');
  });
});

describe.each(['/v1/auth/token', '/auth/token'])('GET %s', (path) => {
  it(`GET ${path} takes the ID token of the user`, async () => {
    const answer = await server.get(path, { token: await idToken() });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(claimsOf(answer.body['token']!)).toEqual({
      iss: 'AMCE',
      iat: now(),
      exp: now() + 3_600,
      identifier: 'subject-7',
      name: 'Grace Hopper',
      email: 'grace@example.com',
    });
  });

  it(`GET ${path} never trusts the query string`, async () => {
    const answer = await server.get(`${path}?identifier=root`, { token: await idToken() });
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it(`GET ${path} gives a service a token for an anonymous user`, async () => {
    const answer = await server.get(path, { serviceKey: vendor.serviceKey });
    expect(claimsOf(answer.body['token']!)['identifier']).toMatch(/^anon_/);
  });

  it(`GET ${path} asks for credentials`, async () => {
    expect(await server.get(path)).toMatchObject({ status: 401, body: { code: 'CREDENTIALS_REQUIRED' } });
  });
});

/** The library of the test encodes the payload or not by `b64`; `true` is the token of RFC 7515 with an extension named. */
const idTokenWithExtension = async (): Promise<string> => {
  const claims = Buffer.from((await idToken()).split('.')[1]!, 'base64url');
  return new CompactSign(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', b64: true, crit: ['b64'] })
    .sign(pair.privateKey);
};

describe('an ID token is accepted', () => {
  it.each([
    ['with a verified address', () => idToken({ email_verified: true })],
    ['with a verified address, as text', () => idToken({ email_verified: 'true' })],
    ['with times that have a fraction', () => idToken({ iat: now() - 0.5, exp: now() + 300.25 })],
    ['with a header that says more', () => idToken({}, pair.privateKey, { x5t: 'AA', x5c: ['MIIB'], foo: 1 })],
  ])('an ID token is accepted: %s', async (_what, make) => {
    expect((await server.get('/auth/token', { token: await make() })).status).toBe(200);
  });
});

describe('an ID token is refused', () => {
  const stranger = generateKeyPair('ES256');
  it.each([
    ['of another issuer', () => idToken({ iss: 'https://evil.example' })],
    ['for another audience', () => idToken({ aud: 'another-app' })],
    ['for several audiences without an authorized party', () => idToken({ aud: [AUDIENCE, 'another-app'] })],
    ['of another authorized party', () => idToken({ azp: 'another-app' })],
    ['that has expired', () => idToken({ exp: now() - 61 })],
    ['without an end', () => idToken({ exp: undefined })],
    ['of the future', () => idToken({ nbf: now() + 120 })],
    ['of another key', async () => idToken({}, (await stranger).privateKey)],
    ['of an unknown key', () => idToken({}, pair.privateKey, { kid: 'k2' })],
    ['without a name', () => idToken({ name: undefined })],
    ['with an unverified address', () => idToken({ email_verified: false })],
    ['with an unverified address, as text', () => idToken({ email_verified: 'false' })],
    ['with an address that is verified by another text', () => idToken({ email_verified: 'yes' })],
    ['that has expired by a fraction', () => idToken({ exp: now() - 60.001 })],
    ['with an extension', () => idTokenWithExtension()],
    ['that is none', async () => 'not.a.token'],
  ])('an ID token is rejected: %s', async (_what, make) => {
    expect(await server.get('/auth/token', { token: await make() })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_CREDENTIALS' },
    });
  });

  it('an ID token is rejected while its tenant is suspended', async () => {
    const admin = { token: await server.login() };
    await server.post(`/v1/tenants/${tenant.id}/suspend`, {}, admin);
    expect(await server.get('/auth/token', { token: await idToken() })).toMatchObject({
      status: 403,
      body: { code: 'TENANT_SUSPENDED' },
    });
    await server.post(`/v1/tenants/${tenant.id}/reactivate`, {}, admin);
  });
});

describe('a trusted issuer', () => {
  const settings = (trusted: object) => ({ trustedIssuer: { issuer: ISSUER, audience: 'by-url', ...trusted } });

  it('a trusted issuer may give its keys by a URL of the allow-list, and they are cached', async () => {
    await createProfile(server, tenant, {
      format: 'ccai-user',
      keyId: vendor.keyId,
      issuer: 'BY-URL',
      settings: settings({ jwksUrl, claims: { identifier: 'email' } }),
    });
    for (let call = 0; call < 3; call += 1) {
      const answer = await server.get('/auth/token', { token: await idToken({ aud: 'by-url' }) });
      expect(claimsOf(answer.body['token']!)).toMatchObject({ iss: 'BY-URL', identifier: 'grace@example.com' });
    }
    expect(asked).toBe(1);
  });

  it('a trusted issuer that rotates its key is asked again for an unknown one, once in a cool-down', async () => {
    const next = await generateKeyPair('ES256', { extractable: true });
    const signed = (kid: string) => idToken({ aud: 'by-url' }, next.privateKey, { kid });
    const statusOf = async (token: Promise<string>): Promise<number> =>
      (await server.get('/auth/token', { token: await token })).status;
    const before = asked;
    published = { keys: [...jwks.keys, { ...(await exportJWK(next.publicKey)), kid: 'k2', alg: 'ES256' }] };
    // At the same time: all of them wait for one answer.
    const statuses = await Promise.all([signed('k2'), signed('k2'), signed('k2')].map(statusOf));
    expect([statuses, asked - before]).toEqual([[200, 200, 200], 1]);
    for (const kid of ['k3', 'k4', 'k5']) expect(await statusOf(signed(kid))).toBe(401);
    expect(asked - before).toBe(1);
    // A wrong signature under a known name is no reason to ask.
    await server.setTime(server.clock.now() + 10 * SECOND);
    expect(await statusOf(signed('k1'))).toBe(401);
    expect(asked - before).toBe(1);
    expect([await statusOf(signed('k3')), await statusOf(signed('k3'))]).toEqual([401, 401]);
    expect(asked - before).toBe(2);
  });

  it('a trusted issuer that does not answer for an unknown key is no reason to reject its token', async () => {
    await server.setTime(server.clock.now() + 10 * SECOND);
    isOutOfOrder = true;
    const token = await idToken({ aud: 'by-url' }, pair.privateKey, { kid: 'k9' });
    expect(await server.get('/auth/token', { token })).toMatchObject({ status: 503, body: { code: 'BUSY' } });
    expect((await server.get('/auth/token', { token: await idToken({ aud: 'by-url' }) })).status).toBe(200);
    isOutOfOrder = false;
  });

  it('a trusted issuer is asked at no other URL', async () => {
    await createProfile(server, tenant, {
      format: 'ccai-user',
      keyId: vendor.keyId,
      issuer: 'ELSEWHERE',
      settings: { trustedIssuer: { issuer: ISSUER, audience: 'elsewhere', jwksUrl: `${jwksUrl}/other` } },
    });
    const before = asked;
    expect((await server.get('/auth/token', { token: await idToken({ aud: 'elsewhere' }) })).status).toBe(401);
    expect(asked).toBe(before);
  });

  it('a trusted issuer that two tenants trust for one audience is asked for the tenant', async () => {
    const other = await createTenant(server, 'ccai-other');
    const trusted = { trustedIssuer: { issuer: ISSUER, audience: 'shared', jwks } };
    for (const [at, issuer] of [
      [tenant, 'ONE'],
      [other, 'TWO'],
    ] as const) {
      await createVendor(server, at, 'ccai-user', SECRET, { issuer, settings: trusted });
    }
    const token = await idToken({ aud: 'shared' });
    expect(await server.get('/auth/token', { token })).toMatchObject({
      status: 400,
      body: { code: 'AMBIGUOUS_PROFILE' },
    });
    const named = await server.get('/auth/token?tenant=ccai-other', { token });
    expect(claimsOf(named.body['token']!)['iss']).toBe('TWO');
  });

  it.each([
    ['no keys', {}],
    ['keys twice', { jwks, jwksUrl: 'https://login.example.com/jwks' }],
    ['a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' }] } }],
    ['a shared secret', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['another member', { jwks, secret: 'x' }],
  ])('a trusted issuer cannot have %s', async (_what, trusted) => {
    const body = {
      name: 'refused',
      format: 'ccai-user',
      keyId: vendor.keyId,
      issuer: 'X',
      settings: settings(trusted),
    };
    const answer = await server.post(`${tenant.path}/token-profiles`, body, tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    expect(answer.text).toContain('/settings/trustedIssuer');
  });
});

describe('pages that ask for a token', () => {
  const PAGE = 'https://portal.example';
  const asked = (origin: string) => ({
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization',
    },
  });
  let profile: string;
  beforeAll(async () => {
    const trusted = { issuer: ISSUER, audience: 'pages', jwks };
    const settings = { trustedIssuer: trusted, allowedOrigins: [PAGE, 'http://localhost:5173'] };
    profile = await createProfile(server, tenant, {
      format: 'ccai-user',
      keyId: vendor.keyId,
      issuer: 'PAGES',
      settings,
    });
  });

  it.each(['/auth/token', '/v1/auth/token'])(
    'pages of an origin on the list may ask before they read %s',
    async (path) => {
      for (const query of ['', `?profile=${profile}`, `?tenant=ccai&profile=${profile}`]) {
        const answer = await server.request('OPTIONS', `${path}${query}`, undefined, asked(PAGE));
        expect([answer.status, answer.text]).toEqual([204, '']);
        expect(answer.headers.get('access-control-allow-origin')).toBe(PAGE);
        expect(answer.headers.get('access-control-allow-methods')).toBe('GET');
        expect(answer.headers.get('access-control-allow-headers')).toBe('Authorization');
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
        expect(answer.headers.get('vary')).toContain('Origin');
      }
    },
  );

  it.each([
    'https://evil.example',
    'https://portal.example.evil.example',
    'http://portal.example',
    'null',
    'https://PORTAL.example',
  ])('pages of the origin %s may not', async (origin) => {
    const preflight = await server.request('OPTIONS', '/auth/token', undefined, asked(origin));
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const headers = { Origin: origin };
    const answer = await server.get('/auth/token', { token: await idToken({ aud: 'pages' }), headers });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('pages of an origin on the list read their tokens, and why there is none', async () => {
    const headers = { Origin: PAGE };
    const answer = await server.get('/auth/token', { token: await idToken({ aud: 'pages' }), headers });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, PAGE]);
    expect(answer.headers.get('vary')).toContain('Origin');
    const expired = await server.get('/auth/token', {
      token: await idToken({ aud: 'pages', exp: now() - 600 }),
      headers,
    });
    expect([expired.status, expired.headers.get('access-control-allow-origin')]).toEqual([401, PAGE]);
  });

  it('pages of an origin on the list of one profile may not read the token of another', async () => {
    const headers = { Origin: PAGE };
    const answer = await server.get('/auth/token', { token: await idToken(), headers });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  it('pages may ask no longer once their origin is off the list, or the profile is gone', async () => {
    const path = `${tenant.path}/token-profiles/${profile}`;
    const isOpen = async (origin: string) =>
      (await server.request('OPTIONS', '/auth/token', undefined, asked(origin))).headers.has(
        'access-control-allow-origin',
      );
    const trustedIssuer = { issuer: ISSUER, audience: 'pages', jwks };
    await server.patch(path, { settings: { trustedIssuer, allowedOrigins: ['http://localhost:5173'] } }, tenant.owner);
    expect([await isOpen(PAGE), await isOpen('http://localhost:5173')]).toEqual([false, true]);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect(await isOpen('http://localhost:5173')).toBe(false);
  });

  it.each([
    '*',
    'https://portal.example/',
    'portal.example',
    'https://portal.example/path',
    'https://user@portal.example',
  ])('the list of origins cannot have %s', async (origin) => {
    const body = {
      name: 'pages',
      format: 'ccai-user',
      keyId: vendor.keyId,
      issuer: 'X',
      settings: { allowedOrigins: [origin] },
    };
    const answer = await server.post(`${tenant.path}/token-profiles`, body, tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });
});

it('a token for a user is in the history, without the user', async () => {
  await create(USER);
  const history = await server.get(`${tenant.path}/audit-events?action=token.issued`, tenant.owner);
  expect(history.text).toContain('token.issued');
  for (const personal of Object.values(USER)) expect(history.text).not.toContain(personal);
});
