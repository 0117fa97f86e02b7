import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, ManualClock } from '#core';
import { ADMIN, type Answer, type TestServer, startTestServer } from '../../support/server.js';

const clock = new ManualClock();
let server: TestServer;
let secure: TestServer;
beforeAll(async () => {
  server = await startTestServer({ clock });
  secure = await startTestServer({ clock, environment: { CHANCERY_PUBLIC_URL: 'https://chancery.test' } });
});
afterAll(async () => {
  await server.close();
  await secure.close();
});

const CREDENTIALS = { email: ADMIN.email, password: ADMIN.password };
const CODE = (status: number, code: string) => ({ status, body: { code } });

/** Headers of a page of the server. */
const ownPage = (cookie?: string) => ({
  Origin: server.url,
  'Sec-Fetch-Site': 'same-origin',
  ...(cookie === undefined ? {} : { Cookie: cookie }),
});
const setCookieOf = ({ headers }: Answer): string => headers.get('set-cookie') ?? '';
/** What a browser sends back. */
const cookieOf = (answer: Answer): string => setCookieOf(answer).split(';')[0]!;

async function signIn(): Promise<{ readonly cookie: string; readonly token: string }> {
  const answer = await server.post('/v1/auth/login', { ...CREDENTIALS, session: 'cookie' }, { headers: ownPage() });
  expect(answer.status).toBe(200);
  return { cookie: cookieOf(answer), token: answer.body['accessToken']! };
}
const refresh = (headers: Record<string, string>) => server.post('/v1/auth/refresh', undefined, { headers });
const isSignedIn = async (token: string) => (await server.get('/v1/auth/me', { token })).status === 200;

describe('a session in a cookie', () => {
  it('a session in a cookie shows its refresh token in no answer', async () => {
    const answer = await server.post('/v1/auth/login', { ...CREDENTIALS, session: 'cookie' }, { headers: ownPage() });
    expect(answer.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshExpiresIn: 8 * 60 * 60,
    });
    expect(setCookieOf(answer)).toMatch(
      /^chancery-session=crft_[0-9A-Za-z]{49}; Max-Age=28800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  it('a session in a cookie is bound to its host and to https where the public URL is https', async () => {
    const headers = { Origin: 'https://chancery.test' };
    const answer = await secure.post('/v1/auth/login', { ...CREDENTIALS, session: 'cookie' }, { headers });
    expect(setCookieOf(answer)).toMatch(
      /^__Host-chancery-session=crft_[0-9A-Za-z]{49}; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    const renewed = await secure.post('/v1/auth/refresh', undefined, {
      headers: { ...headers, Cookie: `other=1; ${cookieOf(answer)}` },
    });
    expect(renewed.status).toBe(200);
  });

  it('a session in a cookie is renewed without a body, each time with another cookie', async () => {
    const { cookie } = await signIn();
    const renewed = await refresh(ownPage(cookie));
    expect(renewed).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 900 } });
    expect(renewed.body).not.toHaveProperty('refreshToken');
    expect(cookieOf(renewed)).not.toBe(cookie);
    expect((await refresh(ownPage(cookieOf(renewed)))).status).toBe(200);
  });

  it('a session in a cookie ends for both when its cookie comes a second time', async () => {
    const { cookie } = await signIn();
    const renewed = await refresh(ownPage(cookie));
    expect(await refresh(ownPage(cookie))).toMatchObject(CODE(401, 'INVALID_CREDENTIALS'));
    expect(await refresh(ownPage(cookieOf(renewed)))).toMatchObject(CODE(401, 'INVALID_CREDENTIALS'));
    expect(await isSignedIn(renewed.body['accessToken']!)).toBe(false);
  });

  it.each([
    ['with its access token', true],
    ['by the cookie alone', false],
  ])('a session in a cookie ends with a log-out %s, which clears the cookie', async (_, withToken) => {
    const { cookie, token } = await signIn();
    const call = { headers: ownPage(cookie), ...(withToken ? { token } : {}) };
    const answer = await server.post('/v1/auth/logout', undefined, call);
    expect(answer.status).toBe(204);
    expect(setCookieOf(answer)).toBe('chancery-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
    expect(await isSignedIn(token)).toBe(false);
    expect((await refresh(ownPage(cookie))).status).toBe(401);
    const again = await server.post('/v1/auth/logout', undefined, { headers: ownPage(cookie) });
    expect(again.status).toBe(204);
  });

  it('a session in a cookie that is ended without its access token is a log-out in the history', async () => {
    const { cookie, token: other } = await signIn();
    await server.post('/v1/auth/logout', undefined, { headers: ownPage(cookie) });
    expect(await isSignedIn(other)).toBe(false);
    const events = await server.get('/v1/platform/audit-events?action=session.ended&limit=1', {
      token: await server.login(),
    });
    expect(events.body['items']![0]).toMatchObject({
      actor: { type: 'system', id: 'log-out' },
      details: { email: ADMIN.email },
    });
  });

  it('a session in a cookie lasts as long as every other', async () => {
    const { cookie } = await signIn();
    clock.advance(8 * HOUR);
    expect(await refresh(ownPage(cookie))).toMatchObject(CODE(401, 'INVALID_CREDENTIALS'));
    clock.advance(DAY);
  });
});

describe('the cookie of a session', () => {
  const FOREIGN = [
    ['another site', { Origin: 'https://evil.test', 'Sec-Fetch-Site': 'cross-site' }],
    ['another site, in an older browser', { Origin: 'https://evil.test' }],
    ['a page that the browser calls same-site', { 'Sec-Fetch-Site': 'same-site' }],
    ['a page without an origin', { Origin: 'null' }],
  ] as const;

  it.each(FOREIGN)('the cookie of a session does nothing for %s', async (_, page) => {
    const { cookie, token } = await signIn();
    const headers = { ...ownPage(cookie), ...page };
    for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
      const answer = await server.post(path, undefined, { headers });
      expect(answer).toMatchObject(CODE(403, 'ORIGIN_NOT_ALLOWED'));
      expect(setCookieOf(answer)).toBe('');
    }
    expect(await isSignedIn(token)).toBe(true);
    expect((await refresh(ownPage(cookie))).status).toBe(200);
  });

  it.each(FOREIGN)('the cookie of a session is set for no log-in by %s', async (_, page) => {
    const headers = { ...ownPage(), ...page };
    const answer = await server.post('/v1/auth/login', { ...CREDENTIALS, session: 'cookie' }, { headers });
    expect(answer).toMatchObject(CODE(403, 'ORIGIN_NOT_ALLOWED'));
    expect(setCookieOf(answer)).toBe('');
  });

  it('the cookie of a session is required where nothing else shows who calls', async () => {
    expect(await refresh(ownPage())).toMatchObject(CODE(401, 'CREDENTIALS_REQUIRED'));
    expect(await refresh(ownPage('chancery-session='))).toMatchObject(CODE(401, 'CREDENTIALS_REQUIRED'));
    expect(await refresh(ownPage('chancery-session=x'))).toMatchObject(CODE(401, 'INVALID_CREDENTIALS'));
    expect(await server.post('/v1/auth/logout')).toMatchObject(CODE(401, 'CREDENTIALS_REQUIRED'));
  });

  it('the cookie of a session is not a session: it opens no other route', async () => {
    const { cookie } = await signIn();
    const answer = await server.get('/v1/auth/me', { headers: ownPage(cookie) });
    expect(answer).toMatchObject(CODE(401, 'CREDENTIALS_REQUIRED'));
  });

  it('the cookie of a session is not offered over plain http of a network', async () => {
    const plain = await startTestServer({ clock, environment: { CHANCERY_PUBLIC_URL: 'http://chancery.test' } });
    try {
      const headers = { Origin: 'http://chancery.test' };
      const answer = await plain.post('/v1/auth/login', { ...CREDENTIALS, session: 'cookie' }, { headers });
      expect(answer).toMatchObject(CODE(422, 'COOKIE_SESSION_UNAVAILABLE'));
    } finally {
      await plain.close();
    }
  });
});
