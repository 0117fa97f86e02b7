import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock, MINUTE } from '#core';
import { permissionsOfRole, platformAdminPermissions } from '#tenants';
import { ADMIN, PASSWORD, type Shape, type TestServer, createTenant, startTestServer } from '../../support/server.js';

const clock = new ManualClock();
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ clock });
});
afterAll(() => server.close());

const logIn = (email: string, password: string) => server.post('/v1/auth/login', { email, password });

describe('logging in', () => {
  it('logging in gives a bearer token for 15 minutes', async () => {
    const answer = await logIn(ADMIN.email, ADMIN.password);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: expect.stringMatching(/^crft_[0-9A-Za-z]{49}$/),
      refreshExpiresIn: 8 * 60 * 60,
    });
  });

  it('logging in rejects a wrong password and an unknown user in the same way, and locks after five failures', async () => {
    for (const email of ['nobody@chancery.test', 'somebody@chancery.test']) {
      for (let attempt = 0; attempt < 5; attempt += 1) {
        expect(await logIn(email, 'wrong')).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
      }
      const locked = await logIn(email, 'wrong');
      expect(locked).toMatchObject({ status: 429, body: { code: 'TOO_MANY_ATTEMPTS' } });
      expect(locked.headers.get('retry-after')).toBe('30');
    }
  });

  it.each([
    [{ email: ADMIN.email }, '/password'],
    [{ email: 'no address', password: 'x' }, '/email'],
    [{ email: ADMIN.email, password: 'x'.repeat(1_025) }, '/password'],
    [{ email: ADMIN.email, password: 'x', remember: true }, '/remember'],
  ])('logging in rejects %j at %s', async (body, pointer) => {
    const answer = await server.post('/v1/auth/login', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR', errors: [{ pointer }] } });
  });
});

describe('failures of strangers', () => {
  it('failures of strangers stop neither the sign-in of the owner nor what the owner confirms with the password', async () => {
    const environment = { TRUSTED_PROXIES: '127.0.0.1' };
    const proxied = await startTestServer({ clock, environment });
    try {
      const tenant = await createTenant(proxied, 'strangers');
      const { email, token } = tenant.owner;
      const created = await proxied.post(`${tenant.path}/services`, { name: 'to delete' }, { token });
      const from = (address: string, password: string) =>
        proxied.post('/v1/auth/login', { email, password }, { headers: { 'X-Forwarded-For': address } });
      for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
        for (let failure = 0; failure < 5; failure += 1) expect((await from(address, 'wrong')).status).toBe(401);
        expect(await from(address, PASSWORD)).toMatchObject({ status: 429, body: { code: 'TOO_MANY_ATTEMPTS' } });
      }
      expect((await proxied.post('/v1/auth/login', { email, password: PASSWORD })).status).toBe(200);
      expect((await from('192.0.2.4', PASSWORD)).status).toBe(200);
      const path = `${tenant.path}/services/${created.body['service']!['id']}`;
      expect((await proxied.delete(path, { password: PASSWORD }, { token })).status).toBe(204);

      // And the other way round: failed confirmations lock their session, not the sign-in.
      const another = (await proxied.post(`${tenant.path}/services`, { name: 'kept' }, { token })).body['service']![
        'id'
      ];
      const remove = (password: string, session: string) =>
        proxied.delete(`${tenant.path}/services/${another}`, { password }, { token: session });
      for (let failure = 0; failure < 5; failure += 1) expect((await remove('wrong', token)).status).toBe(403);
      expect((await remove(PASSWORD, token)).status).toBe(429);
      const fresh = await proxied.login(email, PASSWORD);
      expect((await remove(PASSWORD, fresh)).status).toBe(204);
    } finally {
      await proxied.close();
    }
  });
});

describe('a session', () => {
  it('a session says who it is', async () => {
    const token = await server.login();
    expect((await server.get('/v1/auth/me', { token })).body).toEqual({
      user: {
        id: expect.any(String),
        email: ADMIN.email,
        name: expect.any(String),
        emailVerified: true,
        secondFactor: false,
      },
      platformRole: 'platform_admin',
      platformPermissions: platformAdminPermissions,
      memberships: [],
    });
    const tenant = await createTenant(server, 'sessions');
    expect((await server.get('/v1/auth/me', tenant.owner)).body).toMatchObject({
      platformRole: null,
      platformPermissions: [],
      memberships: [
        {
          tenantId: tenant.id,
          slug: 'sessions',
          name: 'sessions',
          state: 'active',
          role: 'owner',
          permissions: permissionsOfRole('owner'),
        },
      ],
    });
  });

  it('a session ends with the log-out, and with its time', async () => {
    const token = await server.login();
    expect((await server.post('/v1/auth/logout', undefined, { token })).status).toBe(204);
    const refused = { status: 401, body: { code: 'INVALID_CREDENTIALS' } };
    expect(await server.get('/v1/auth/me', { token })).toMatchObject(refused);

    const late = await server.login();
    clock.advance(15 * MINUTE);
    expect(await server.get('/v1/auth/me', { token: late })).toMatchObject(refused);
  });

  it('a session is renewed by its refresh token, once', async () => {
    const first = (await logIn(ADMIN.email, ADMIN.password)).body;
    clock.advance(14 * MINUTE);
    const renewed = await server.post('/v1/auth/refresh', { refreshToken: first['refreshToken'] });
    expect(renewed).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 900 } });
    clock.advance(MINUTE);
    expect((await server.get('/v1/auth/me', { token: first['accessToken'] })).status).toBe(401);
    const token = renewed.body['accessToken'];
    expect((await server.get('/v1/auth/me', { token })).status).toBe(200);
    expect(await server.post('/v1/auth/refresh', { refreshToken: first['refreshToken'] })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_CREDENTIALS' },
    });
    expect((await server.get('/v1/auth/me', { token })).status).toBe(401);
    expect((await server.post('/v1/auth/refresh', { refreshToken: 'x' })).status).toBe(401);
  });

  it('a session is listed to its user, with what the client calls itself, and ended by the user', async () => {
    const tenant = await createTenant(server, 'listed-sessions');
    const { email } = tenant.owner;
    await server.post(
      '/v1/auth/login',
      { email, password: PASSWORD },
      { headers: { 'User-Agent': `phone ${'x'.repeat(300)}` } },
    );
    const { items } = (await server.get('/v1/auth/sessions', tenant.owner)).body;
    expect(items).toMatchObject([
      { current: false, userAgent: `phone ${'x'.repeat(194)}`, sourceAddress: '127.0.0.1' },
      { current: true },
    ]);
    const path = `/v1/auth/sessions/${(items as unknown as Shape[])[0]!['id']}`;
    expect((await server.delete(path, undefined, { token: await server.login() })).status).toBe(404);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(204);
    expect((await server.delete(path, undefined, tenant.owner)).status).toBe(404);
    expect((await server.get('/v1/auth/sessions', tenant.owner)).body['items']).toHaveLength(1);
  });

  it('a session changes the password, which ends the others', async () => {
    const tenant = await createTenant(server, 'passwords');
    const { email, token } = tenant.owner;
    const other = await server.login(email, PASSWORD);
    const change = (currentPassword: string, newPassword: string) =>
      server.post('/v1/auth/password', { currentPassword, newPassword }, { token });
    expect(await change('wrong', 'a new password that is long')).toMatchObject({
      status: 403,
      body: { code: 'PASSWORD_INVALID' },
    });
    expect(await change(PASSWORD, 'short')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/newPassword' }] },
    });
    expect((await change(PASSWORD, 'a new password that is long')).status).toBe(204);
    expect((await server.get('/v1/auth/me', { token })).status).toBe(200);
    expect((await server.get('/v1/auth/me', { token: other })).status).toBe(401);
    expect((await logIn(email, PASSWORD)).status).toBe(401);
    expect((await logIn(email, 'a new password that is long')).status).toBe(200);
  });
});
