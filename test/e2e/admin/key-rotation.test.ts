import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, type ManualClock } from '#core';

import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const FORCED = { force: true, password: PASSWORD };
let server: TestServer;
let tenant: TestTenant;
let token: string;
let serviceKey: string;
let name = '';
let number = 0;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  token = tenant.owner.token;
  const service = await server.post(`${tenant.path}/services`, { name: 'billing', profiles: ['*'] }, { token });
  serviceKey = service.body['serviceKey']!['secret']!;
});
afterAll(() => server.close());

/** A key with a profile of the same name; its path. */
let path = '';
beforeEach(async () => {
  // A day in a test is longer than a session.
  token = await server.login(tenant.owner.email, PASSWORD);
  name = `key-${++number}`;
  const key = await server.post(`${tenant.path}/keys`, { name, algorithm: 'ES256' }, { token });
  path = `${tenant.path}/keys/${key.body['id']}`;
  const profile = { name, format: 'jwt', keyId: key.body['id'] };
  expect((await server.post(`${tenant.path}/token-profiles`, profile, { token })).status).toBe(201);
});

const sign = (): Promise<Answer> => server.post(`/v1/sign/${name}`, { subject: 'user-42' }, { serviceKey });
const verify = async (signed: Answer): Promise<string> =>
  (await server.post('/v1/verify', { profile: name, token: signed.body['token'] }, { serviceKey })).body['code']!;
const listOf = ({ body }: Answer, member: string): readonly Shape[] => body[member] as unknown as readonly Shape[];
const published = async (): Promise<unknown[]> =>
  listOf(await server.get(`${tenant.path}/.well-known/jwks.json`), 'keys').map(({ kid }) => kid);
const states = (answer: Answer): unknown[] => listOf(answer, 'versions').map(({ state }) => state);

describe('POST rotate', () => {
  it('POST rotate publishes the next version, and with `immediately` lets it sign', async () => {
    const rotated = await server.post(`${path}/rotate`, {}, { token });
    expect(rotated.status).toBe(200);
    expect(rotated.headers.get('etag')).toBe('"2"');
    expect(states(rotated)).toEqual(['pending', 'active']);
    expect(await published()).toContain(rotated.body['versions']![0]!['kid']);
    expect((await server.post(`${path}/rotate`, {}, { token })).body).toMatchObject({ code: 'ROTATION_UNDER_WAY' });
    const now = await server.post(`${path}/rotate`, { immediately: true }, { token });
    expect(states(now)).toEqual(['active', 'retired']);
    expect((await sign()).body['kid']).toBe(now.body['versions']![0]!['kid']);
  });

  it('POST rotate obeys If-Match and rejects an unknown body', async () => {
    const stale = await server.post(`${path}/rotate`, {}, { token, headers: { 'If-Match': '"9"' } });
    expect(stale.status).toBe(412);
    expect((await server.post(`${path}/rotate`, { immediately: 'yes' }, { token })).status).toBe(400);
  });
});

describe('POST compromise', () => {
  it('POST compromise has a dry run, then rejects the version and lets a successor sign', async () => {
    const signed = await sign();
    const kid = signed.body['kid']!;
    const foreseen = await server.post(`${path}/versions/${kid}/compromise?dryRun=true`, {}, { token });
    expect(foreseen.body).toEqual({
      allowed: true,
      impact: {
        profiles: [name],
        services: ['billing'],
        lastTokenExpiresAt: signed.body['expiresAt'],
        safeNow: false,
      },
    });
    expect(await verify(signed)).toBe('OK');
    const done = await server.post(`${path}/versions/${kid}/compromise`, { reason: 'leaked' }, { token });
    expect(states(done)).toEqual(['active', 'compromised']);
    expect(await verify(signed)).toBe('KEY_NOT_USABLE');
    expect(await published()).not.toContain(kid);
    expect(await verify(await sign())).toBe('OK');
    const again = await server.post(`${path}/versions/${kid}/compromise?dryRun=true`, {}, { token });
    expect(again.body).toMatchObject({ allowed: false, code: 'WRONG_STATE' });
  });
});

describe('POST retire', () => {
  it('POST retire stops the version from signing and leaves what it signed valid', async () => {
    const signed = await sign();
    const kid = signed.body['kid']!;
    const foreseen = await server.post(`${path}/versions/${kid}/retire?dryRun=true`, undefined, { token });
    expect(foreseen.body).toMatchObject({
      allowed: false,
      code: 'LAST_ACTIVE_KEY_VERSION',
      impact: { safeNow: false },
    });
    const retire = (body?: object) => server.post(`${path}/versions/${kid}/retire`, body, { token });
    expect(await retire()).toMatchObject({ status: 409, body: { code: 'LAST_ACTIVE_KEY_VERSION' } });
    expect(await retire({ force: true })).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect((await sign()).status).toBe(200);
    expect((await retire(FORCED)).status).toBe(200);
    expect((await sign()).body).toMatchObject({ code: 'KEY_NOT_USABLE' });
    expect(await verify(signed)).toBe('OK');
    expect((await server.post(`${path}/rotate?dryRun=true`, {}, { token })).body).toMatchObject({
      allowed: false,
      code: 'KEY_NOT_USABLE',
    });
    expect((await server.post(`${path}/rotate`, {}, { token })).body).toMatchObject({ code: 'KEY_NOT_USABLE' });
    expect((await server.post(`${path}/rotate`, { immediately: true, ...FORCED }, { token })).status).toBe(200);
    expect((await sign()).status).toBe(200);
    expect((await server.post(`${path}/versions/nobody/retire`, undefined, { token })).status).toBe(404);
  });
});

describe('DELETE and restore', () => {
  it('DELETE of a key asks for the password and stops it; restore brings it back until it is destroyed', async () => {
    const signed = await sign();
    const foreseen = await server.delete(`${path}?dryRun=true`, {}, { token });
    expect(foreseen.status).toBe(200);
    expect(foreseen.body).toMatchObject({ allowed: false, code: 'KEY_IN_USE', impact: { profiles: [name] } });
    expect((await server.delete(path, {}, { token })).body).toMatchObject({ code: 'PASSWORD_REQUIRED' });
    expect((await server.delete(path, { password: PASSWORD }, { token })).body).toMatchObject({ code: 'KEY_IN_USE' });
    expect((await server.delete(path, FORCED, { token })).status).toBe(204);
    expect((await sign()).body).toMatchObject({ code: 'KEY_NOT_USABLE' });
    expect(await verify(signed)).toBe('KEY_NOT_USABLE');
    const restored = await server.post(`${path}/restore`, undefined, { token });
    expect(restored.body).toMatchObject({ state: 'active', deletedAt: null, destroysAt: null });
    expect(await verify(signed)).toBe('OK');
    expect((await server.delete(path, FORCED, { token })).status).toBe(204);
    (server.clock as ManualClock).advance(7 * DAY);
    const late = { token: await server.login(tenant.owner.email, PASSWORD) };
    expect((await server.post(`${path}/restore`, undefined, late)).body).toMatchObject({ code: 'WRONG_STATE' });
  });
});
