import { randomBytes } from 'node:crypto';

import { type Clock, type EpochMilliseconds, ManualClock, type TimeSource, platformScope, systemOrigin } from '#core';
import { loadConfiguration } from '#installation';
import { createLogger } from '#logging';
import { Scheduler } from '#scheduler';

import { type Server, createServer } from '../../apps/server/src/create-server.js';
import { type TestDatabase, createMigratedDatabase } from './database.js';
import { declaredAnswersOf } from './declared-answers.js';

/** Enough to be Argon2id, not enough to slow a suite down. */
export const CHEAP_PASSWORDS = { memoryKibibytes: 8, passes: 1, parallelism: 1 };
export const ADMIN = { email: 'admin@chancery.test', password: 'correct horse battery staple' };
export const PASSWORD = 'a password that is long enough';
const UNLIMITED = 1_000_000;

/** JSON as a test reads it: members that are not there are `undefined`. */
export interface Shape {
  readonly [member: string]: Shape & string & number & boolean & readonly (Shape & string)[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Shape;
  readonly text: string;
}

export interface Call {
  /** A session's access token, or a service's own JWT. */
  readonly token?: string | undefined;
  readonly serviceKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly url: string;
  readonly server: Server;
  readonly clock: Clock;
  /** Every log line so far. */
  readonly logs: readonly string[];
  request(method: string, path: string, body?: unknown, call?: Call): Promise<Answer>;
  get(path: string, call?: Call): Promise<Answer>;
  post(path: string, body?: unknown, call?: Call): Promise<Answer>;
  patch(path: string, body?: unknown, call?: Call): Promise<Answer>;
  delete(path: string, body?: unknown, call?: Call): Promise<Answer>;
  /** The access token of a fresh session. */
  login(email?: string, password?: string): Promise<string>;
  /** Lets time pass until an instant. An earlier one is confirmed: the server would not go back by itself. */
  setTime(instant: EpochMilliseconds): Promise<void>;
  /** Does what the scheduler would do now. */
  runScheduler(): Promise<void>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** `systemClock`: the clocks of the host. */
  readonly clock?: Clock;
  /** Another server's database, for tests with two instances; otherwise a new one. */
  readonly database?: TestDatabase;
  readonly environment?: Readonly<Record<string, string>>;
  readonly rateLimitQuotas?: Parameters<typeof createServer>[0]['rateLimitQuotas'];
}

const isTimeSource = (clock: Clock): clock is Clock & TimeSource => 'uptime' in clock;

export const TEST_MASTER_KEY = randomBytes(32).toString('base64');

/** A whole server on a free port of the loopback interface, with a database of its own. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { clock = new ManualClock() } = options;
  const database = options.database ?? (await createMigratedDatabase());
  const logs: string[] = [];
  const { configuration } = loadConfiguration({
    PORT: '0',
    DATABASE_URL: database.url,
    // The server that a test run is pointed at need not have a certificate.
    CHANCERY_DATABASE_TLS: 'off',
    CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
    // The scheduler runs when a test says so: `server.runScheduler()`.
    CHANCERY_ROLES: 'admin,signing',
    CHANCERY_CHECKPOINT_FILE: 'off',
    CHANCERY_ADMIN_EMAIL: ADMIN.email,
    CHANCERY_ADMIN_PASSWORD: ADMIN.password,
    // Of the module of a token.
    SOFTHSM2_CONF: process.env.SOFTHSM2_CONF,
    ...options.environment,
  });
  const server = await createServer({
    configuration,
    logger: createLogger('debug', { write: (line) => logs.push(line) }),
    ...(isTimeSource(clock) ? { time: clock } : {}),
    passwordParameters: CHEAP_PASSWORDS,
    rateLimitQuotas: options.rateLimitQuotas ?? {
      login: UNLIMITED,
      admin: UNLIMITED,
      reveal: UNLIMITED,
      public: UNLIMITED,
      acme: UNLIMITED,
      credentials: UNLIMITED,
    },
  });
  await server.listen();
  // Not the public URL, which a test may set: nothing has to answer there.
  const url = await server.app.getUrl();

  // `DECLARED_ANSWERS=1`: an answer that the API document does not declare fails the test that got it.
  const declared = process.env.DECLARED_ANSWERS === '1' ? await declaredAnswersOf(server.app) : undefined;
  const request: TestServer['request'] = async (method, path, body, call = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
        ...(call.serviceKey === undefined ? {} : { 'X-Service-Key': call.serviceKey }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    declared?.require(method, path, { status: answer.status, header: (name) => answer.headers.get(name), text });
    const json = /\bjson\b/.test(answer.headers.get('content-type') ?? '') && text !== '';
    return { status: answer.status, headers: answer.headers, text, body: (json ? JSON.parse(text) : {}) as Shape };
  };

  return {
    url,
    server,
    clock,
    logs,
    request,
    get: (path, call) => request('GET', path, undefined, call),
    post: (path, body, call) => request('POST', path, body, call),
    patch: (path, body, call) => request('PATCH', path, body, call),
    delete: (path, body, call) => request('DELETE', path, body, call),
    login: async (email = ADMIN.email, password = ADMIN.password) => {
      const answer = await request('POST', '/v1/auth/login', { email, password });
      if (answer.status !== 200) throw new Error(`The log-in of ${email} was refused: ${answer.text}`);
      return answer.body['accessToken']!;
    },
    setTime: async (instant) => {
      const { clockWatch } = server.installation;
      const manual = clock as ManualClock;
      const isBack = instant < manual.now();
      manual.set(instant);
      if (isBack) await clockWatch.confirm(platformScope(systemOrigin('test')));
    },
    runScheduler: () => server.app.get(Scheduler).run(),
    close: async () => {
      await server.close();
      if (!options.database) await database.drop();
    },
  };
}

export interface TestTenant {
  readonly id: string;
  readonly slug: string;
  readonly path: string;
  readonly owner: { readonly email: string; readonly token: string };
}

let tenants = 0;

/** A tenant with an owner who is signed in. */
export async function createTenant(server: TestServer, slug = `tenant-${++tenants}`): Promise<TestTenant> {
  const owner = { email: `owner@${slug}.test`, name: 'Owner', password: PASSWORD };
  const token = await server.login();
  const created = await server.post('/v1/tenants', { slug, name: slug, owner }, { token });
  if (created.status !== 201) throw new Error(`The tenant was refused: ${created.text}`);
  const id: string = created.body['id']!;
  return {
    id,
    slug,
    path: `/v1/tenants/${id}`,
    owner: { email: owner.email, token: await server.login(owner.email, PASSWORD) },
  };
}
