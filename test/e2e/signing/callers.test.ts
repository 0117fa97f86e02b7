import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, ManualClock, SECOND } from '#core';

import { type Call, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, type TestService, createIssuer, createService, unsigned } from './issuer.js';

const START = new ManualClock().now() / SECOND;
const ACCEPTED = { status: 200 };
const refusedWith = (code: string) => ({ status: 401, body: { code } });
const INVALID = refusedWith('INVALID_CREDENTIALS');

let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
let service: TestService;
const clock = new ManualClock();
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'callers');
  issuer = await createIssuer(server, tenant);
  service = issuer.service;
});
afterAll(() => server.close());

/** A JWT as a service makes it: HS256 with the bytes of its secret (Base64), `iss` its id. */
function callerToken(claims: object = {}, header: object = {}, { id, jwtSecret }: TestService = service): string {
  const text = unsigned({ alg: 'HS256', typ: 'JWT', ...header }, { iss: id, iat: START, ...claims });
  return `${text}.${createHmac('sha256', Buffer.from(jwtSecret, 'base64')).update(text).digest('base64url')}`;
}

const sign = (call: Call) => server.post(`/v1/sign/${issuer.profile}`, {}, call);

describe('a service shows', () => {
  it('a service is authenticated by its service key', async () => {
    expect(await sign({ serviceKey: service.serviceKey })).toMatchObject(ACCEPTED);
  });

  it('a service is authenticated by a JWT of its own', async () => {
    expect(await sign({ token: callerToken() })).toMatchObject(ACCEPTED);
    expect(await sign({ token: callerToken({ exp: START + 60, nbf: START, jti: 'x' }) })).toMatchObject(ACCEPTED);
    expect(await sign({ headers: { Authorization: `bearer  ${callerToken()}` } })).toMatchObject(ACCEPTED);
  });

  it('a service that sends both credentials is authenticated by the JWT alone', async () => {
    const other = await createService(server, tenant);
    const both = { token: callerToken(), serviceKey: other.serviceKey };
    expect((await server.get('/v1/whoami', both)).body).toMatchObject({
      service: { id: service.id },
      authType: 'jwt',
    });
    expect(await sign({ token: 'bad', serviceKey: service.serviceKey })).toMatchObject(INVALID);
    expect(await sign({ token: callerToken({ iat: 1 }), serviceKey: service.serviceKey })).toMatchObject(INVALID);
    const basic = { headers: { Authorization: 'Basic YTpi' }, serviceKey: service.serviceKey };
    // Of another scheme than a JWT's: a proxy in front may need it.
    expect(await sign(basic)).toMatchObject(ACCEPTED);
    expect(await sign({ token: callerToken(), serviceKey: 'bad' })).toMatchObject(ACCEPTED);
  });

  it('a service that sends no credential is asked for one', async () => {
    expect(await sign({})).toMatchObject(refusedWith('CREDENTIALS_REQUIRED'));
    expect(await sign({ serviceKey: '' })).toMatchObject(refusedWith('CREDENTIALS_REQUIRED'));
  });
});

describe('a service key is refused', () => {
  it.each([
    ['that is none', () => 'secret'],
    ['with a typing error', (key: string) => key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['in other letters', (key: string) => key.toUpperCase()],
    ['cut', (key: string) => key.slice(0, -1)],
    ['twice', (key: string) => `${key},${key}`],
    ['that only looks like one', () => 'csk_0000000000000000000000000000000000000000000000000'],
  ])('a service key is rejected: %s', async (_, alter) => {
    expect(await sign({ serviceKey: alter(service.serviceKey) })).toMatchObject(INVALID);
  });
});

describe('a JWT is refused', () => {
  it.each([
    ['with a kid', () => callerToken({}, { kid: 'x' })],
    ['of another type', () => callerToken({}, { typ: 'at+jwt' })],
    ['of another algorithm', () => callerToken({}, { alg: 'HS512' })],
    ['of no algorithm', () => `${callerToken({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`],
    ['without iat', () => callerToken({ iat: undefined })],
    ['from the future', () => callerToken({ iat: START + 61 })],
    ['that expired', () => callerToken({ iat: START - 100, exp: START })],
    ['older than 60 minutes, whatever its exp', () => callerToken({ iat: START - 3_600, exp: START + 600 })],
    ['without an issuer', () => callerToken({ iss: undefined })],
    ['of an unknown issuer', () => callerToken({ iss: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })],
    ['of the tenant', () => callerToken({ iss: tenant.id })],
    ['signed with the text of the secret', () => signedWith(service.jwtSecret)],
    ['signed with nothing', () => signedWith('')],
    ['that is a session of a person', () => tenant.owner.token],
  ])('a JWT is rejected: %s', async (_, make) => {
    expect(await sign({ token: make() })).toMatchObject(INVALID);
  });

  function signedWith(secret: string): string {
    const text = callerToken().split('.').slice(0, 2).join('.');
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  }

  it('a JWT of another service under the name of this one is rejected', async () => {
    const other = await createService(server, tenant);
    expect(await sign({ token: callerToken({ iss: service.id }, {}, other) })).toMatchObject(INVALID);
    expect(await sign({ token: callerToken({}, {}, other) })).toMatchObject(ACCEPTED);
  });

  it('a JWT is rejected after an hour by our clock', async () => {
    const token = callerToken();
    clock.advance(HOUR - 1);
    expect(await sign({ token })).toMatchObject(ACCEPTED);
    clock.advance(1);
    expect(await sign({ token })).toMatchObject(INVALID);
    await server.setTime(clock.now() - HOUR);
  });
});

it('a service can ask who it is', async () => {
  const { body } = await server.get('/v1/whoami', { serviceKey: service.serviceKey });
  expect(body).toEqual({
    service: { id: service.id, name: expect.any(String), tenantId: tenant.id },
    credentialId: expect.any(String),
    authType: 'service_key',
    profiles: ['*'],
  });
  const listed = await server.get(`${tenant.path}/services/${service.id}/credentials`, tenant.owner);
  expect(listed.text).toContain(body['credentialId']);
});
