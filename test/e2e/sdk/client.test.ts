import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  ChanceryError,
  type ClientOptions,
  type StoredSession,
  UserSession,
  apiToken,
  createClient,
  dataOf,
  jwtCredential,
  serviceKey,
} from '#sdk';

import { enrolTotp } from '../../support/factors.js';
import { createApiToken, joinTenant } from '../../support/people.js';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let tenant: TestTenant;
let tenantId: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'sdk');
  tenantId = tenant.id;
});
afterAll(() => server.close());

const now = () => server.clock.now();
const clientOf = (options: Partial<ClientOptions>) =>
  createClient({ baseUrl: server.url, now, sleep: async () => undefined, ...options });

/** A session of the tenant's owner, and what was sent for it. */
async function ownerSession() {
  const sent: string[] = [];
  const session = new UserSession({
    baseUrl: server.url,
    now,
    fetch: (request) => {
      sent.push(new URL(request.url).pathname);
      return fetch(request);
    },
  });
  await session.signIn({ email: tenant.owner.email, password: PASSWORD });
  return { session, sent };
}

const createService = (client: ReturnType<typeof createClient>, name: string) =>
  dataOf(client.POST('/v1/tenants/{tenantId}/services', { params: { path: { tenantId } }, body: { name } }));

describe('credentials of the SDK', () => {
  it('a person, a service by either credential and automation are who they are', async () => {
    const { session } = await ownerSession();
    const owner = clientOf({ credentials: session });
    const { service, serviceKey: key, jwtCredential: jwt } = await createService(owner, 'caller');
    const self = await dataOf(owner.GET('/v1/auth/me'));
    expect(self.user.email).toBe(tenant.owner.email);

    for (const credentials of [
      serviceKey(key.secret),
      jwtCredential({ serviceId: service.id, secret: jwt.secret, now }),
    ]) {
      const whoami = await dataOf(clientOf({ credentials }).GET('/v1/whoami'));
      expect(whoami.service).toMatchObject({ id: service.id, name: 'caller' });
    }

    const { token } = await createApiToken(server, tenant, ['services:read']);
    const automation = clientOf({ credentials: apiToken({ token }) });
    const { items } = await dataOf(
      automation.GET('/v1/tenants/{tenantId}/services', { params: { path: { tenantId } } }),
    );
    expect(items.map(({ name }) => name)).toContain('caller');
  });

  it('a JWT credential signs one token for many requests, and the next one before it ends', async () => {
    const { session } = await ownerSession();
    const { service, jwtCredential: jwt } = await createService(clientOf({ credentials: session }), 'signer');
    let instant = now();
    const credentials = jwtCredential({ serviceId: service.id, secret: jwt.secret, now: () => instant });
    const first = await credentials.headers();
    instant += 239_000;
    expect(await credentials.headers()).toEqual(first);
    instant += 1_000;
    await credentials.headers();
    await expect.poll(() => credentials.headers()).not.toEqual(first);
  });
});

describe('a session of the SDK', () => {
  it('a session renews its access token shortly before its end, once for all requests', async () => {
    const { session, sent } = await ownerSession();
    const client = clientOf({ credentials: session });
    await dataOf(client.GET('/v1/auth/me'));
    expect(sent).toEqual(['/v1/auth/login']);
    const before = await session.headers();
    await server.setTime(now() + 14 * 60_000 + 30_000);
    await dataOf(client.GET('/v1/auth/me'));
    // The answer has to be there before time passes again, or the requests below share this very refresh.
    await expect.poll(() => session.headers()).not.toEqual(before);
    expect(sent).toEqual(['/v1/auth/login', '/v1/auth/refresh']);
    await server.setTime(now() + 20 * 60_000);
    const answers = await Promise.all([1, 2, 3].map(() => dataOf(client.GET('/v1/auth/me'))));
    expect(answers.map(({ user }) => user.email)).toEqual(Array(3).fill(tenant.owner.email));
    expect(sent).toEqual(['/v1/auth/login', '/v1/auth/refresh', '/v1/auth/refresh']);
  });

  it('requests that are refused at the same time renew the session once', async () => {
    const { session, sent } = await ownerSession();
    let refusals = 3;
    const client = clientOf({
      credentials: session,
      fetch: async (request) => (refusals-- > 0 ? new Response(null, { status: 401 }) : fetch(request)),
    });
    await Promise.all([1, 2, 3].map(() => dataOf(client.GET('/v1/auth/me'))));
    expect(sent).toEqual(['/v1/auth/login', '/v1/auth/refresh']);
  });

  it('a session in a cookie continues without a token in the page, and ends in every page', async () => {
    let cookie = '';
    const page = () => {
      const session = new UserSession({
        baseUrl: server.url,
        place: 'cookie',
        now,
        fetch: async (request) => {
          request.headers.set('Origin', server.url);
          request.headers.set('Cookie', cookie);
          const answer = await fetch(request);
          const [set] = answer.headers.getSetCookie();
          cookie = set === undefined ? cookie : set.split(';')[0]!;
          return answer;
        },
      });
      return { session, client: clientOf({ credentials: session }) };
    };
    const first = page();
    expect(await first.session.resume()).toBe(false);
    await first.session.signIn({ email: tenant.owner.email, password: PASSWORD });
    const second = page();
    expect(await second.session.resume()).toBe(true);
    expect((await dataOf(second.client.GET('/v1/auth/me'))).user.email).toBe(tenant.owner.email);
    await second.session.signOut();
    expect(await first.session.resume()).toBe(false);
    expect(first.session.signedIn).toBe(false);
  });

  it('a session of an account with a second factor begins with its answer', async () => {
    const email = 'factor@sdk.test';
    const owner = { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) };
    await joinTenant(server, { ...tenant, owner }, { email, role: 'auditor' });
    const { recoveryCodes } = await enrolTotp(server, await server.login(email, PASSWORD));
    const session = new UserSession({ baseUrl: server.url, now });
    const question = await session.signIn({ email, password: PASSWORD });
    expect([session.signedIn, question?.methods]).toEqual([false, ['totp', 'recovery_code']]);
    const { mfaToken } = question!;
    await expect(session.verify({ mfaToken, recoveryCode: 'none of them' })).rejects.toBeInstanceOf(ChanceryError);
    await session.verify({ mfaToken, recoveryCode: recoveryCodes[0]! });
    const self = await dataOf(clientOf({ credentials: session }).GET('/v1/auth/me'));
    expect(self.user.email).toBe(email);
  });

  it('a session that is stored continues in another program, and a renewal of one is seen by the other', async () => {
    let kept: StoredSession | undefined;
    const storage = {
      read: async () => kept,
      write: async (session: StoredSession | undefined) => void (kept = session),
    };
    const sent: string[] = [];
    const program = () =>
      new UserSession({
        baseUrl: server.url,
        now,
        storage,
        fetch: (request) => {
          sent.push(new URL(request.url).pathname);
          return fetch(request);
        },
      });
    const [first, second] = [program(), program()];
    expect(await first.resume()).toBe(false);
    await first.signIn({ email: tenant.owner.email, password: PASSWORD });
    expect(await second.resume()).toBe(true);
    expect(sent).toEqual(['/v1/auth/login']);
    await server.setTime(now() + 20 * 60_000);
    const [one, other] = [await first.headers(), await second.headers()];
    expect([other, sent.slice(1)]).toEqual([one, ['/v1/auth/refresh']]);
    await second.signOut();
    expect([kept, await program().resume()]).toEqual([undefined, false]);
  });

  it('a session that was ended elsewhere ends here, and says so', async () => {
    let ended = 0;
    const session = new UserSession({ baseUrl: server.url, now, onEnd: () => (ended += 1) });
    await session.signIn({ email: tenant.owner.email, password: PASSWORD });
    const client = clientOf({ credentials: session });
    const { items } = await dataOf(client.GET('/v1/auth/sessions'));
    const sessionId = items.find(({ current }) => current)!.id;
    await dataOf(client.DELETE('/v1/auth/sessions/{sessionId}', { params: { path: { sessionId } } }));
    await expect(dataOf(client.GET('/v1/auth/me'))).rejects.toMatchObject({ status: 401 });
    expect([session.signedIn, ended]).toEqual([false, 1]);
  });

  it('a session that was signed out has ended on the server, too', async () => {
    const { session } = await ownerSession();
    const headers = await session.headers();
    await session.signOut();
    expect(await session.headers()).toEqual({});
    expect((await server.get('/v1/auth/me', { headers })).status).toBe(401);
  });
});

describe('refusals of the SDK', () => {
  it('a refusal is an error with the code, the status and the problem of the server', async () => {
    const { session } = await ownerSession();
    const client = clientOf({ credentials: session });
    const error = await createService(client, '').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChanceryError);
    expect(error).toMatchObject({ status: 400, code: 'VALIDATION_ERROR', problem: { errors: [{ pointer: '/name' }] } });
  });

  it('an answer that is none of the server is an error with a code of its own', async () => {
    const client = clientOf({ fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 500 }) });
    await expect(dataOf(client.GET('/v1/auth/me'))).rejects.toMatchObject({ status: 500, code: 'NOT_CHANCERY' });
  });
});

describe('repeated requests of the SDK', () => {
  it('a POST whose answer was lost is sent again and carried out once', async () => {
    const { session } = await ownerSession();
    let lost = 0;
    const client = clientOf({
      credentials: session,
      fetch: async (request) => {
        const answer = await fetch(request);
        if (lost++ > 0) return answer;
        throw new TypeError('connection reset');
      },
    });
    const { service } = await createService(client, 'made once');
    const { items } = await dataOf(client.GET('/v1/tenants/{tenantId}/services', { params: { path: { tenantId } } }));
    expect(items.filter(({ name }) => name === 'made once').map(({ id }) => id)).toEqual([service.id]);
  });

  it('a request beyond the rate waits as long as the server says', async () => {
    const waits: number[] = [];
    let refusals = 1;
    const client = clientOf({
      sleep: async (milliseconds) => void waits.push(milliseconds),
      fetch: async (request) =>
        refusals-- > 0 ? new Response('{}', { status: 429, headers: { 'Retry-After': '7' } }) : fetch(request),
    });
    await dataOf(client.GET('/health/live'));
    expect(waits).toEqual([7_000]);
  });

  it('a signature that may have been made is not asked for a second time', async () => {
    let sent = 0;
    const client = clientOf({
      fetch: async () => {
        sent += 1;
        throw new TypeError('connection reset');
      },
    });
    const asked = client.POST('/v1/sign/{profile}', { params: { path: { profile: 'any' } }, body: {} });
    await expect(asked).rejects.toThrow('connection reset');
    expect(sent).toBe(1);
  });
});
