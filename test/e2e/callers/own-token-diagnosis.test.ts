import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, toEpochSeconds } from '#core';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestService, createService } from '../signing/issuer.js';
import { hmac, ownToken, signingInput } from './own-token.js';

const clock = new ManualClock();
const NOW = toEpochSeconds(clock.now());
const HEADER = { alg: 'HS256', typ: 'JWT' };
let server: TestServer;
let tenant: TestTenant;
let service: TestService;
let sibling: TestService;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'own-tokens');
  service = await createService(server, tenant);
  sibling = await createService(server, tenant);
});
afterAll(() => server.close());

const token = (claims: object = {}, header: object = {}) =>
  ownToken({ ...HEADER, ...header }, { iss: service.id, iat: NOW, ...claims }, service);
const signedWith = (key: Buffer | string): string => {
  const input = signingInput(HEADER, { iss: service.id, iat: NOW });
  return `${input}.${hmac(key, input)}`;
};
const whoami = (text: string) => server.get('/v1/whoami', { token: text });
const diagnose = (text: string) => server.post('/v1/diagnose', { token: text }, { serviceKey: service.serviceKey });

describe('a 401 for an own JWT', () => {
  it.each<[string, () => string, string]>([
    ['a clock ahead', () => token({ iat: NOW + 7_200 }), 'iat lies 7200 seconds in the future'],
    ['an old token', () => token({ iat: NOW - 4_000 }), 'the token is 4000 seconds old'],
    ['milliseconds', () => token({ iat: clock.now() }), 'iat is in milliseconds'],
    ['no iat', () => token({ iat: undefined }), 'iat is missing'],
    ['padding', () => `${token()}=`, 'canonical base64url'],
    ['two parts', () => token().split('.', 2).join('.'), 'three parts'],
    ['another algorithm', () => token({}, { alg: 'HS512' }), 'the algorithm is not HS256'],
    ['an extension', () => token({}, { crit: ['x'] }), 'crit'],
  ])('a 401 for an own JWT says why where that tells nothing about secrets: %s', async (_, make, why) => {
    const answer = await whoami(make());
    expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
    expect(answer.body['detail']).toContain(why);
  });

  it('a 401 for an own JWT does not tell an unknown issuer from a wrong signature', async () => {
    const detailOf = async (text: string) => (await whoami(text)).body['detail'];
    const wrong = await detailOf(signedWith('another secret'));
    expect(await detailOf(token({ iss: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' }))).toBe(wrong);
    expect(await detailOf(token({ iss: sibling.serviceKey }))).toBe(wrong);
  });
});

describe('POST /v1/diagnose without a profile, for the JWT that a service signs itself', () => {
  it.each<[string, () => string, string, string]>([
    [
      'the secret as it was shown',
      () => signedWith(service.jwtSecret),
      'INVALID_SIGNATURE',
      'RAW_SECRET_INSTEAD_OF_DECODED',
    ],
    ['another secret', () => signedWith('another secret'), 'INVALID_SIGNATURE', 'SIGNED_BY_ANOTHER_KEY'],
    ['local time', () => token({ iat: NOW + 7_200 }), 'TOKEN_NOT_YET_VALID', 'LOCAL_TIME_INSTEAD_OF_UTC'],
    ['milliseconds', () => token({ iat: clock.now() }), 'INVALID_CLAIMS', 'MILLISECONDS_INSTEAD_OF_SECONDS'],
    ['the id of another service', () => token({ iss: sibling.id }), 'INVALID_CLAIMS', 'WRONG_ISSUER'],
    ['standard Base64', () => `${token()}=`, 'MALFORMED_TOKEN', 'BASE64_INSTEAD_OF_BASE64URL'],
    ['a kid', () => token({}, { kid: 'k1' }), 'MALFORMED_TOKEN', 'KID_NOT_EXPECTED'],
    ['the scheme left on', () => `Bearer ${token()}`, 'MALFORMED_TOKEN', 'BEARER_LEFT_ON'],
    ['an hour and a second', () => token({ iat: NOW - 3_601 }), 'EXPIRED_TOKEN', 'EXPIRED_TOKEN'],
  ])('POST /v1/diagnose names the cause of %s', async (_, make, code, cause) => {
    const { status, body, text } = await diagnose(make());
    expect([status, body['valid'], body['code']]).toEqual([200, false, code]);
    expect((body['findings'] as unknown as { cause: string }[]).map((finding) => finding.cause)).toContain(cause);
    for (const secret of [service.jwtSecret, service.serviceKey]) expect(text).not.toContain(secret);
  });

  it('POST /v1/diagnose finds nothing wrong with a good token, by each name of its service', async () => {
    for (const iss of [service.id, service.serviceKey]) {
      expect((await diagnose(token({ iss }))).body).toEqual({ valid: true, code: 'OK', findings: [] });
      expect((await whoami(token({ iss }))).status).toBe(200);
    }
  });

  it('POST /v1/diagnose says that a credential is no longer accepted, and is in the history', async () => {
    const own = await createService(server, tenant);
    const path = `${tenant.path}/services/${own.id}/credentials`;
    const { items } = (await server.get(`${path}?authType=jwt`, tenant.owner)).body;
    await server.post(path, { authType: 'jwt' }, tenant.owner);
    await server.post(`${path}/${items![0]!['id']}/discard`, undefined, tenant.owner);
    const old = ownToken(HEADER, { iss: own.id, iat: NOW }, own);
    const { body } = await server.post('/v1/diagnose', { token: old }, { serviceKey: own.serviceKey });
    expect(body).toMatchObject({ valid: false, code: 'KEY_NOT_USABLE' });
    const events = await server.get(
      `${tenant.path}/audit-events?action=token.diagnosed&targetId=${own.id}`,
      tenant.owner,
    );
    expect(events.body['items']).toMatchObject([{ details: { code: 'KEY_NOT_USABLE' } }]);
  });

  it('a service key that names its service in `iss` is in no log and in no history', async () => {
    await whoami(token({ iss: service.serviceKey }));
    await whoami(token({ iss: service.serviceKey, iat: NOW + 600 }));
    await diagnose(token({ iss: service.serviceKey, iat: NOW + 600 }));
    expect(server.logs.join('')).not.toContain(service.serviceKey);
    expect((await server.get(`${tenant.path}/audit-events`, tenant.owner)).text).not.toContain(service.serviceKey);
  });
});
