import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, ManualClock } from '#core';
import { joinTenant, verify } from '../../support/people.js';
import {
  ADMIN,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const NEW_PASSWORD = 'a password that was chosen anew';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'resets');
});
afterAll(() => server.close());

let made = 0;
async function newMember(): Promise<{ userId: string; email: string }> {
  const email = `member-${++made}@resets.test`;
  const { userId } = await joinTenant(server, tenant, { email, role: 'auditor' });
  return { userId: userId!, email };
}
const startByOwner = (userId: string, body: object = { password: PASSWORD }) =>
  server.post(`${tenant.path}/members/${userId}/reset`, body, tenant.owner);
const startByAdmin = async (userId: string, kind: 'reset' | 'verification') =>
  server.post(`/v1/users/${userId}/${kind}`, { password: ADMIN.password }, { token: await server.login() });
const complete = (token: unknown, password = NEW_PASSWORD) =>
  server.post('/v1/auth/reset/complete', { token, password });
const invalid = { status: 410, body: { code: 'RESET_INVALID' } };

describe('a reset of a password', () => {
  it('a reset that an owner starts lets the member choose a password once, and ends every session', async () => {
    const { userId, email } = await newMember();
    const session = { token: await server.login(email, PASSWORD) };
    expect(await startByOwner(userId, {})).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    const started = await startByOwner(userId);
    expect(started).toMatchObject({
      status: 201,
      body: { token: expect.stringMatching(/^crst_/), expiresAt: new Date(clock.now() + HOUR).toISOString() },
    });
    expect((await server.get('/v1/auth/me', session)).status).toBe(200);
    const { token } = started.body;
    expect(await complete(token, 'short')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/password' }] } });
    expect((await complete(token)).status).toBe(204);
    expect(await complete(token)).toMatchObject(invalid);
    expect((await server.get('/v1/auth/me', session)).status).toBe(401);
    expect((await server.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(401);
    await server.login(email, NEW_PASSWORD);
    const path = `${tenant.path}/audit-events?targetId=${userId}&action=user.reset_started,user.password_reset`;
    const { items } = (await server.get(path, tenant.owner)).body;
    expect((items as unknown as Shape[]).map(({ action }) => action)).toEqual([
      'user.password_reset',
      'user.reset_started',
    ]);
  });

  it('a reset ends after an hour, with the next one, and with the right of the person who started it', async () => {
    const { userId } = await newMember();
    const first = (await startByOwner(userId)).body['token'];
    const second = (await startByOwner(userId)).body['token'];
    expect(await complete(first)).toMatchObject(invalid);
    clock.advance(HOUR);
    expect(await complete(second)).toMatchObject(invalid);
    tenant = { ...tenant, owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) } };

    const second2 = await joinTenant(server, tenant, { email: 'second-owner@resets.test', role: 'owner' });
    const owner = { token: await server.login('second-owner@resets.test', PASSWORD) };
    const path = `${tenant.path}/members/${userId}/reset`;
    const third = (await server.post(path, { password: PASSWORD }, owner)).body['token'];
    await server.delete(`${tenant.path}/members/${second2['userId']}`, undefined, tenant.owner);
    expect(await complete(third)).toMatchObject(invalid);
  });

  it.each(['', 'crst_', 'cinv_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3aB4cD5eF6'])(
    'a reset is not completed by the token %j',
    async (token) => {
      const answer = await complete(token);
      expect([answer.status, answer.body['code']]).toEqual(
        token === '' ? [400, 'VALIDATION_ERROR'] : [410, 'RESET_INVALID'],
      );
    },
  );
});

describe('the platform administrator', () => {
  it('the platform administrator finds accounts by address, and sees where each counts', async () => {
    const { userId, email } = await newMember();
    const admin = { token: await server.login() };
    const { items } = (await server.get(`/v1/users?email=${email}`, admin)).body;
    expect(items).toEqual([
      {
        id: userId,
        email,
        name: 'auditor',
        emailVerified: false,
        knownIn: tenant.id,
        platformAdmin: false,
        createdAt: expect.any(String),
      },
    ]);
    const all = (await server.get('/v1/users?limit=200', admin)).body['items'] as unknown as Shape[];
    expect(all.find((account) => account['email'] === ADMIN.email)).toMatchObject({
      emailVerified: true,
      knownIn: null,
      platformAdmin: true,
    });
    expect((await server.get('/v1/users', tenant.owner)).status).toBe(403);
  });

  it('the platform administrator starts resets of verified accounts, and owners do not', async () => {
    const { userId, email } = await newMember();
    await verify(server, ADMIN.password, userId);
    expect(await startByOwner(userId)).toMatchObject({ status: 403, body: { code: 'ACCOUNT_NOT_OF_TENANT' } });
    expect(await startByAdmin(userId, 'verification')).toMatchObject({
      status: 409,
      body: { code: 'ADDRESS_VERIFIED' },
    });
    const { token } = (await startByAdmin(userId, 'reset')).body;
    expect((await complete(token)).status).toBe(204);
    await server.login(email, NEW_PASSWORD);
    const path = `${tenant.path}/audit-events?targetId=${userId}&action=user.verified,user.reset_started`;
    const { items } = (await server.get(path, tenant.owner)).body;
    expect((items as unknown as Shape[]).map(({ action, details }) => [action, details!['kind']])).toEqual([
      ['user.reset_started', 'reset'],
      ['user.verified', undefined],
      ['user.reset_started', 'verification'],
    ]);
  });
});

describe('a repeated request for a reset', () => {
  it.each(['an owner', 'the platform administrator'])(
    'a repeated request for a reset by %s gets the same token, with an event, until the token is used',
    async (who) => {
      const { userId } = await newMember();
      const byOwner = who === 'an owner';
      const path = byOwner ? `${tenant.path}/members/${userId}/reset` : `/v1/users/${userId}/reset`;
      const password = byOwner ? PASSWORD : ADMIN.password;
      const { token: session } = byOwner ? tenant.owner : { token: await server.login() };
      const request = () =>
        server.post(path, { password }, { token: session, headers: { 'Idempotency-Key': `reset-${userId}` } });
      const [first, second] = [await request(), await request()];
      expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
      expect((await complete(second.body['token'])).status).toBe(204);
      expect(await request()).toMatchObject({ status: 410, body: { code: 'GONE' } });
      const events = `${tenant.path}/audit-events?targetId=${userId}&action=user.reset_started,user.reset_repeated`;
      const { items } = (await server.get(events, tenant.owner)).body;
      expect((items as unknown as Shape[]).map(({ action }) => action)).toEqual([
        'user.reset_repeated',
        'user.reset_started',
      ]);
    },
  );
});
