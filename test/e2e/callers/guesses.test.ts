import { randomUUID } from 'node:crypto';

import { type MockInstance, afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { MINUTE, ManualClock, systemOrigin, toEpochSeconds } from '#core';
import { generateServiceKey } from '#crypto';
import { Database } from '#database';
import { Licensing } from '#licensing';
import { Authenticator } from '#service-keys';
import { permissionRow } from '#tenants';

import {
  type Answer,
  type Call,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { nameOf, pathWith, routesOf } from '../server/routes.js';
import { type TestService, createIssuer, createService } from '../signing/issuer.js';
import { BODY, certify, requestToken } from '../vendors/vendor.js';
import { hmac, ownToken, signingInput } from './own-token.js';

const QUOTA = 20;
const UNLIMITED = 1_000_000;
const clock = new ManualClock();

let server: TestServer;
let tenant: TestTenant;
let service: TestService;
beforeAll(async () => {
  server = await startTestServer({
    clock,
    environment: { TRUSTED_PROXIES: '127.0.0.1' },
    rateLimitQuotas: { login: UNLIMITED, admin: UNLIMITED, public: UNLIMITED, credentials: QUOTA },
  });
  tenant = await createTenant(server, 'guesses');
  service = await createService(server, tenant);
});
afterAll(() => server.close());

/** Every route that identifies a service by its credential, also those that take other callers. */
const routesOfServices = () =>
  routesOf(server.server.app).filter(
    ({ shownPermission, method }) =>
      shownPermission && permissionRow(shownPermission).audience === 'service' && method !== 'HEAD',
  );

let addresses = 0;
/** An address from which nothing has come yet. */
const newAddress = (): string => `198.51.100.${++addresses}`;
const from = (address: string, call: Call = {}): Call => ({ ...call, headers: { 'X-Forwarded-For': address } });

const claims = (iss: string) => ({ iss, iat: toEpochSeconds(clock.now()) });
const header = { alg: 'HS256', typ: 'JWT' };
/** Credentials that do not exist. Each call makes another one. */
const GUESSES: Readonly<Record<string, () => Call>> = {
  'a well-formed service key that does not exist': () => ({ serviceKey: generateServiceKey().reveal() }),
  'a service key with a wrong checksum': () => ({ serviceKey: `${generateServiceKey().reveal().slice(0, -1)}-` }),
  'a token of an unknown issuer': () => ({ token: ownToken(header, claims(randomUUID()), service) }),
  'a token with a wrong signature': () => {
    const input = signingInput(header, { ...claims(service.id), jti: randomUUID() });
    return { token: `${input}.${hmac('a secret that the service does not have', input)}` };
  },
  'what is no token': () => ({ token: randomUUID() }),
};
const guess = GUESSES['a well-formed service key that does not exist']!;
const whoami = (address: string, call: Call): Promise<Answer> => server.get('/v1/whoami', from(address, call));

/** How often these parts of the server read: others do so as well, by themselves. */
const readsBy = ({ mock }: MockInstance<Database['readPlatform']>, ...actors: readonly string[]): number =>
  mock.calls.filter(([{ actor }]) => actors.includes(actor.id)).length;

/** Brings an address to its quota. */
async function exhaust(address: string): Promise<void> {
  for (let call = 0; call < QUOTA; call += 1) {
    expect(await whoami(address, guess())).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
  }
  expect(await whoami(address, guess())).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
}

describe('unknown credentials', () => {
  it.each(Object.entries(GUESSES))(
    'unknown credentials are counted by address, and answered 429 beyond the quota: %s',
    async (_, make) => {
      const address = newAddress();
      const codes: string[] = [];
      for (let call = 0; call < QUOTA + 5; call += 1) codes.push((await whoami(address, make())).body['code']!);
      expect(codes).toEqual(
        Array.from(codes, (_code, call) => (call < QUOTA ? 'INVALID_CREDENTIALS' : 'RATE_LIMITED')),
      );
      expect((await whoami(newAddress(), make())).status).toBe(401);
    },
  );

  it('unknown credentials are told when to come back, and are rejected with 401 again then', async () => {
    const address = newAddress();
    await exhaust(address);
    clock.advance(MINUTE / 2);
    const answer = await whoami(address, guess());
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(answer.headers.get('ratelimit-policy')).toBe(`"credentials";q=${QUOTA};w=60`);
    expect(answer.text).not.toContain('INVALID_CREDENTIALS');
    clock.advance(MINUTE / 2);
    expect((await whoami(address, guess())).status).toBe(401);
  });

  it('unknown credentials are logged once for each window of an address', async () => {
    const address = newAddress();
    await exhaust(address);
    for (let call = 0; call < 5; call += 1) await whoami(address, guess());
    expect(server.logs.filter((line) => line.includes('Too many credentials') && line.includes(address))).toHaveLength(
      1,
    );
  });

  it('unknown credentials count an IPv6 /64 as one address', async () => {
    await exhaust('2001:db8:5::1');
    expect((await whoami('2001:db8:5::2', guess())).status).toBe(429);
    expect((await whoami('2001:db8:5:1::1', guess())).status).toBe(401);
  });
});

describe('an address that is beyond its quota', () => {
  it('an address that is beyond its quota is answered 429 on every route that takes a credential of a service', async () => {
    const address = newAddress();
    await exhaust(address);
    const routes = routesOfServices();
    expect(routes.length).toBeGreaterThan(16);
    const statuses: [string, number][] = [];
    for (const route of routes) {
      const path = pathWith(route.path, () => 'x');
      for (const make of [guess, GUESSES['a token with a wrong signature']!]) {
        const body = ['POST', 'PUT', 'PATCH'].includes(route.method) ? {} : undefined;
        statuses.push([nameOf(route), (await server.request(route.method, path, body, from(address, make()))).status]);
      }
    }
    expect(statuses.filter(([, status]) => status !== 429)).toEqual([]);
  });

  it('a service that is identified is not counted by its address, on any route that takes its credential', async () => {
    const counted: string[] = [];
    for (const route of routesOfServices()) {
      const body = ['POST', 'PUT', 'PATCH'].includes(route.method) ? {} : undefined;
      const answer = await server.request(
        route.method,
        pathWith(route.path, () => 'x'),
        body,
        {
          serviceKey: service.serviceKey,
        },
      );
      expect([401, 429, 500]).not.toContain(answer.status);
      if (/"(public|admin)"/.test(answer.headers.get('ratelimit-policy') ?? '')) counted.push(nameOf(route));
    }
    expect(counted).toEqual([]);
    // Who shows nothing is counted.
    const anonymous = await server.get('/v1/token/4915112345678');
    expect(anonymous.headers.get('ratelimit-policy')).toContain('"public"');
  });

  it('an address that is beyond its quota is no obstacle to credentials that are genuine, also in their first call', async () => {
    const address = newAddress();
    await exhaust(address);
    const fresh = await createService(server, tenant);
    for (const call of [
      { serviceKey: fresh.serviceKey },
      { token: ownToken(header, claims(fresh.id), fresh) },
      { serviceKey: service.serviceKey },
      { token: ownToken(header, claims(service.id), service) },
    ]) {
      expect((await whoami(address, call)).status).toBe(200);
    }
    const issuer = await createIssuer(server, tenant);
    const signed = await server.post(`/v1/sign/${issuer.profile}`, {}, from(address, issuer.service));
    expect(signed.status).toBe(200);
  });

  it('an address that is beyond its quota still says of a credential that was discarded that it was, and counts no use of one', async () => {
    const old = await createService(server, tenant);
    const path = `${tenant.path}/services/${old.id}/credentials`;
    const { body } = await server.get(`${path}?authType=service_key`, tenant.owner);
    await server.post(path, { authType: 'service_key' }, tenant.owner);
    await server.post(`${path}/${body['items']![0]!['id']}/discard`, undefined, tenant.owner);
    const address = newAddress();
    for (let call = 0; call < QUOTA + 5; call += 1) {
      expect((await whoami(address, old)).body['code']).toBe('CREDENTIAL_INACTIVE');
    }
    await exhaust(address);
    expect((await whoami(address, old)).body['code']).toBe('CREDENTIAL_INACTIVE');
  });

  it('an address that is beyond its quota costs the database as few reads for many guesses as for one, while genuine credentials get in', async () => {
    const address = newAddress();
    await exhaust(address);
    const authenticator = server.server.app.get(Authenticator);
    const reads = vi.spyOn(Database.prototype, 'readPlatform');
    const readsOf = async (make: (index: number) => Call, count: number) => {
      reads.mockClear();
      const outcomes = await Promise.allSettled(
        Array.from({ length: count }, async (_, index) => {
          const { serviceKey, token } = make(index);
          const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
          const facts = {
            ...(serviceKey === undefined ? {} : { serviceKey }),
            ...authorization,
            sourceAddress: address,
          };
          return authenticator.authenticate(facts, systemOrigin('test'));
        }),
      );
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length;
      return { accepted, reads: readsBy(reads, 'credential-filter', 'test') };
    };
    try {
      // 200 are looked up together; of what is wrong by its form, nothing is.
      const cases: [make: (index: number) => Call, count: number, accepted: number, readsMax: number][] = [
        [guess, 400, 0, 2],
        [GUESSES['a service key with a wrong checksum']!, 400, 0, 0],
        [GUESSES['a token of an unknown issuer']!, 400, 0, 2],
        [GUESSES['a token with a wrong signature']!, 400, 0, 1],
        // Those that are genuine are verified one by one.
        [(index) => (index % 100 === 50 ? service : guess()), 400, 4, 2 + 4],
        // More than 500 that wait are rejected without a look-up.
        [guess, 5_000, 0, 3],
      ];
      for (const [make, count, accepted, readsMax] of cases) {
        const outcome = await readsOf(make, count);
        expect(outcome.accepted).toBe(accepted);
        expect(outcome.reads).toBeLessThanOrEqual(readsMax);
      }
    } finally {
      reads.mockRestore();
    }
  });

  it('an address that is beyond its quota lets genuine calls in during a flood', async () => {
    const address = newAddress();
    await exhaust(address);
    const genuine = ownToken(header, claims(service.id), service);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        if (index % 20 === 10) return whoami(address, index % 40 === 10 ? service : { token: genuine });
        return whoami(address, Object.values(GUESSES)[index % 5]!());
      }),
    );
    const statuses = answers.map(({ status }) => status);
    expect([200, 429].map((wanted) => statuses.filter((status) => status === wanted).length)).toEqual([10, 190]);
  });
});

describe('guesses at a gateway', () => {
  let gateway: TestService;
  beforeAll(async () => {
    gateway = await createService(server, tenant);
  });
  const ask = (facts: object) => server.post('/v1/authenticate', facts, from(newAddress(), gateway));
  const exhaustThrough = async (sourceAddress?: string) => {
    for (let call = 0; call <= QUOTA; call += 1) {
      const facts = { ...guess(), ...(sourceAddress === undefined ? {} : { sourceAddress }) };
      const code = call < QUOTA ? 'INVALID_CREDENTIALS' : 'RATE_LIMITED';
      expect(await ask(facts)).toMatchObject({ status: 200, body: { active: false, code } });
    }
  };

  it('guesses at a gateway are counted by the address that the gateway names, within its tenant', async () => {
    const sourceAddress = newAddress();
    await exhaustThrough(sourceAddress);
    expect((await ask({ ...guess(), sourceAddress: newAddress() })).body['code']).toBe('INVALID_CREDENTIALS');
    expect((await ask({ serviceKey: service.serviceKey, sourceAddress })).body).toMatchObject({ active: true });
    // Elsewhere the address is not known for anything.
    expect((await whoami(sourceAddress, guess())).status).toBe(401);
    const other = await createTenant(server);
    const elsewhere = await createService(server, other);
    const asked = await server.post('/v1/authenticate', { ...guess(), sourceAddress }, elsewhere);
    expect(asked.body['code']).toBe('INVALID_CREDENTIALS');
  });

  it('guesses at a gateway are counted together where it names none, and hold up no genuine credential', async () => {
    await exhaustThrough();
    expect((await ask({ serviceKey: service.serviceKey })).body).toMatchObject({ active: true });
    gateway = await createService(server, tenant);
    expect((await ask(guess())).body['code']).toBe('INVALID_CREDENTIALS');
  });

  it('guesses at a gateway are counted by the forwarded address at /v1/forward-auth', async () => {
    const address = newAddress();
    await exhaust(address);
    expect((await server.get('/v1/forward-auth', from(address, guess()))).status).toBe(429);
    expect((await server.get('/v1/forward-auth', from(newAddress(), guess()))).status).toBe(401);
    expect((await server.get('/v1/forward-auth', from(address, service))).status).toBe(200);
  });
});

describe('licensing updates and ID tokens that do not hold', () => {
  let kid: string;
  beforeAll(async () => {
    kid = await certify(server, tenant);
  });
  const send = (address: string, token: string) =>
    server.request('POST', '/v1/licensing/update', BODY, from(address, { token }));
  const genuine = () => requestToken({ kid, clock });
  const broken = () => {
    const [head, body] = genuine().split('.');
    return [head, body, Buffer.alloc(256, 7).toString('base64url')].join('.');
  };
  const FORGERIES: [string, () => string, string][] = [
    ['an unknown kid', () => requestToken({ kid: randomUUID(), clock }), 'UNKNOWN_KID'],
    ['a wrong signature', broken, 'INVALID_SIGNATURE'],
    ['no token', () => randomUUID(), 'INVALID_TOKEN'],
  ];

  it.each(FORGERIES)(
    'licensing updates and ID tokens that do not hold are answered 429 beyond the quota, and a genuine update is accepted: %s',
    async (_, make, code) => {
      const address = newAddress();
      for (let call = 0; call < QUOTA; call += 1) expect((await send(address, make())).body['code']).toBe(code);
      for (const [, forge] of FORGERIES) {
        expect(await send(address, forge())).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
      }
      expect(await send(address, genuine())).toMatchObject({ status: 200 });
      expect((await send(newAddress(), make())).body['code']).toBe(code);
      expect((await whoami(address, guess())).status).toBe(429);
    },
  );

  it('licensing updates and ID tokens that do not hold cost the database few reads beyond the quota', async () => {
    const address = newAddress();
    await exhaust(address);
    const licensing = server.server.app.get(Licensing);
    const reads = vi.spyOn(Database.prototype, 'readPlatform');
    try {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 300 }, (_, index) =>
          licensing.accept({
            token: FORGERIES[index % 3]![1](),
            body: Buffer.from(BODY),
            requestId: 'test',
            sourceAddress: address,
          }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([]);
      // 100 unknown kids and one that is known, ten of them in each read.
      expect(readsBy(reads, 'licensing')).toBeLessThanOrEqual(11);
    } finally {
      reads.mockRestore();
    }
  });

  it('licensing updates and ID tokens that do not hold are counted with everything else that an address sends: ID tokens', async () => {
    const address = newAddress();
    const token = `${signingInput({ alg: 'RS256' }, { iss: 'https://nowhere.example', aud: 'x' })}.c2ln`;
    const statuses: number[] = [];
    for (let call = 0; call < QUOTA + 1; call += 1) {
      statuses.push((await server.get('/v1/auth/token', from(address, { token }))).status);
    }
    expect(statuses).toEqual([...Array.from({ length: QUOTA }, () => 401), 429]);
  });
});
