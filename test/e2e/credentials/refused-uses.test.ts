import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ManualClock, MINUTE, SECOND, toEpochSeconds, toRfc3339 } from '#core';
import { RefusedUses } from '#service-keys';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import {
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { ownToken } from '../callers/own-token.js';
import { type TestService, createService } from '../signing/issuer.js';

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
let other: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ clock, database });
  other = await startTestServer({ clock, database });
});
beforeEach(async () => {
  tenant = await createTenant(server);
});
afterAll(async () => {
  await server.close();
  await other.close();
  await database.drop();
});

interface Prepared {
  readonly service: TestService;
  readonly id: string;
  readonly path: string;
  readonly call: () => Call;
}

/** A second credential of the type, which can be discarded, and how it is used. */
async function prepare(authType: 'service_key' | 'jwt'): Promise<Prepared> {
  const service = await createService(server, tenant);
  const credentials = `${tenant.path}/services/${service.id}/credentials`;
  const { id, secret }: { id?: string; secret?: string } = (await server.post(credentials, { authType }, tenant.owner))
    .body;
  const call = (): Call =>
    authType === 'service_key'
      ? { serviceKey: secret! }
      : {
          token: ownToken(
            { alg: 'HS256', typ: 'JWT' },
            { iss: service.id, iat: toEpochSeconds(clock.now()) },
            { jwtSecret: secret! },
          ),
        };
  return { service, id: id!, path: `${credentials}/${id}`, call };
}

const use = async ({ call }: Prepared, at = server): Promise<string> => {
  const answer = await at.get('/v1/whoami', call());
  return answer.status === 200 ? 'accepted' : answer.body['code']!;
};
const eventsOf = async ({ id }: { id: string }): Promise<Shape[]> => {
  const query = `action=credential.use_refused&credentialId=${id}&order=asc`;
  return (await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)).body['items'] as unknown as Shape[];
};
const summaries = async (prepared: Prepared) =>
  (await eventsOf(prepared)).map(({ details }) => [details!['code'], details!['count']]);
const shown = async ({ path }: Prepared) => {
  const { lastRefusedAt, refusedUses } = (await server.get(path, tenant.owner)).body;
  return { lastRefusedAt, refusedUses };
};
const flush = async (...servers: TestServer[]): Promise<void> => {
  for (const { server: one } of servers) await one.app.get(RefusedUses).flush();
};
const act = async ({ path }: Prepared, action: string, body?: object): Promise<void> => {
  const answer = await server.post(`${path}/${action}`, body, tenant.owner);
  if (answer.status >= 300) throw new Error(`${action} was answered ${answer.text}`);
};
const changeService = ({ service }: Prepared, body: object) =>
  server.patch(`${tenant.path}/services/${service.id}`, body, tenant.owner);
const ofTenant = async (action: 'suspend' | 'reactivate') =>
  server.post(`/v1/tenants/${tenant.id}/${action}`, undefined, { token: await server.login() });

describe.each(['service_key', 'jwt'] as const)('a rejected credential of type %s', (authType) => {
  const reasons: readonly [what: string, code: string, reject: (prepared: Prepared) => Promise<unknown>][] = [
    ['that was discarded', 'CREDENTIAL_INACTIVE', (prepared) => act(prepared, 'discard')],
    ['that was marked as compromised', 'CREDENTIAL_COMPROMISED', (prepared) => act(prepared, 'compromise', {})],
    [
      'that has expired',
      'CREDENTIAL_EXPIRED',
      async ({ path }) => {
        await server.patch(path, { expiresAt: toRfc3339(clock.now() + SECOND) }, tenant.owner);
        clock.advance(SECOND);
      },
    ],
    [
      'that is used from a wrong address',
      'IP_NOT_ALLOWED',
      (prepared) => changeService(prepared, { allowedCidrs: ['198.51.100.0/24'] }),
    ],
    ['of a suspended tenant', 'TENANT_SUSPENDED', () => ofTenant('suspend')],
  ];

  it.each(reasons)(`a ${authType} %s leaves an event of its service and a count`, async (_, code, reject) => {
    const prepared = await prepare(authType);
    expect([await use(prepared), await shown(prepared)]).toEqual(['accepted', { lastRefusedAt: null, refusedUses: 0 }]);
    await reject(prepared);
    expect(await use(prepared)).toBe(code);
    if (code === 'TENANT_SUSPENDED') await ofTenant('reactivate');
    const [event, ...more] = await eventsOf(prepared);
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      actor: { type: 'service', id: prepared.service.id },
      target: { type: 'credential', id: prepared.id },
      outcome: 'denied',
      sourceAddress: '127.0.0.1',
      credentialId: prepared.id,
      details: { code, serviceId: prepared.service.id, count: 1 },
    });
    expect(event!['requestId']).not.toBe('identification');
    expect(await shown(prepared)).toEqual({ lastRefusedAt: toRfc3339(clock.now()), refusedUses: 1 });
  });

  it(`a ${authType} that is used again and again is one event, and then one a minute with the number of uses`, async () => {
    const prepared = await prepare(authType);
    await act(prepared, 'discard');
    for (let call = 0; call < 40; call += 1) await use(prepared, call % 2 ? other : server);
    expect(await summaries(prepared)).toEqual([['CREDENTIAL_INACTIVE', 1]]);
    await flush(server, other);
    expect(await summaries(prepared)).toEqual([['CREDENTIAL_INACTIVE', 1]]);
    expect((await shown(prepared)).refusedUses).toBe(40);
    clock.advance(MINUTE);
    await server.runScheduler();
    expect(await summaries(prepared)).toEqual([
      ['CREDENTIAL_INACTIVE', 1],
      ['CREDENTIAL_INACTIVE', 39],
    ]);
    // The next use after a quiet minute is an event immediately again.
    clock.advance(MINUTE);
    await server.runScheduler();
    await flush(server, other);
    await use(prepared);
    expect((await summaries(prepared)).at(-1)).toEqual(['CREDENTIAL_INACTIVE', 1]);
  });
});

describe('a credential that is not known or not proven', () => {
  it('a deleted service key that is still used leaves an event, and the answer tells nothing of it', async () => {
    const prepared = await prepare('service_key');
    await act(prepared, 'discard');
    await server.delete(prepared.path, { password: PASSWORD }, tenant.owner);
    expect(await use(prepared)).toBe('INVALID_CREDENTIALS');
    expect(await summaries(prepared)).toEqual([['CREDENTIAL_DELETED', 1]]);
  });

  it('a token for the id of a service whose signature does not hold writes nothing', async () => {
    const prepared = await prepare('jwt');
    await act(prepared, 'discard');
    const before = (await server.get(`${tenant.path}/audit-events?limit=200`, tenant.owner)).body['items'];
    const claims = { iat: toEpochSeconds(clock.now()) };
    const jwtSecret = randomBytes(32).toString('base64');
    for (const iss of [prepared.service.id, prepared.id]) {
      const token = ownToken({ alg: 'HS256', typ: 'JWT' }, { ...claims, iss }, { jwtSecret });
      expect((await server.get('/v1/whoami', { token })).body['code']).toBe('INVALID_CREDENTIALS');
    }
    for (const serviceKey of ['csk_garbage', `${prepared.service.serviceKey.slice(0, -1)}!`]) {
      expect((await server.get('/v1/whoami', { serviceKey })).body['code']).toBe('INVALID_CREDENTIALS');
    }
    await flush(server);
    expect((await server.get(`${tenant.path}/audit-events?limit=200`, tenant.owner)).body['items']).toEqual(before);
    expect(await shown(prepared)).toEqual({ lastRefusedAt: null, refusedUses: 0 });
  });

  it('a credential of another tenant that a gateway asks about leaves nothing in the history of that tenant', async () => {
    const prepared = await prepare('service_key');
    await act(prepared, 'discard');
    const gateway = await createService(server, await createTenant(server));
    const asked = await server.post('/v1/authenticate', prepared.call(), { serviceKey: gateway.serviceKey });
    expect(asked.body).toMatchObject({ active: false, code: 'INVALID_CREDENTIALS' });
    expect(await summaries(prepared)).toEqual([]);
  });
});

it('a discarded credential that a gateway of its own tenant asks about leaves an event with the address it names', async () => {
  const prepared = await prepare('service_key');
  const gateway = await createService(server, tenant);
  await act(prepared, 'discard');
  const question = { ...prepared.call(), sourceAddress: '203.0.113.9' };
  const asked = await server.post('/v1/authenticate', question, { serviceKey: gateway.serviceKey });
  expect(asked.body).toMatchObject({ active: false, code: 'CREDENTIAL_INACTIVE' });
  expect(await eventsOf(prepared)).toMatchObject([
    { sourceAddress: '203.0.113.9', details: { code: 'CREDENTIAL_INACTIVE', count: 1 } },
  ]);
});

it('uses that were only counted are in the history when the server has stopped', async () => {
  const stopping = await startTestServer({ clock, database });
  const prepared = await prepare('service_key');
  await act(prepared, 'discard');
  for (let call = 0; call < 9; call += 1) await use(prepared, stopping);
  await stopping.close();
  expect(await summaries(prepared)).toEqual([
    ['CREDENTIAL_INACTIVE', 1],
    ['CREDENTIAL_INACTIVE', 8],
  ]);
  expect((await shown(prepared)).refusedUses).toBe(9);
});
