import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR, ManualClock, toEpochSeconds, toRfc3339 } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import {
  ADMIN,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TestService, createService, requireCreated } from '../signing/issuer.js';
import { ownToken } from './own-token.js';
import { statementsDuring } from './statements.js';

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ clock, database });
  tenant = await createTenant(server, 'caller-rules');
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const whoami = (call: Call, at = server) => at.get('/v1/whoami', call);
const now = () => toEpochSeconds(clock.now());
const tokenOf = (service: TestService, claims: object = {}): string =>
  ownToken({ alg: 'HS256', typ: 'JWT' }, { iss: service.id, iat: now(), ...claims }, service);
const refused = (code: string, status = 401) => ({ status, body: { code } });
const credentialsOf = ({ id }: TestService, within = tenant) => `${within.path}/services/${id}/credentials`;

describe('a request that carries both a JWT and a service key', () => {
  it('a request that carries both a JWT and a service key is authenticated by the JWT alone: the key of another service changes nothing', async () => {
    const [one, other] = [await createService(server, tenant), await createService(server, tenant)];
    const answer = await whoami({ token: tokenOf(one), serviceKey: other.serviceKey });
    expect(answer).toMatchObject({ status: 200, body: { service: { id: one.id }, authType: 'jwt' } });
  });

  it.each([
    ['a bad JWT', (service: TestService) => `Bearer ${tokenOf(service).slice(0, -2)}`],
    ['an expired JWT', (service: TestService) => `Bearer ${tokenOf(service, { iat: now() - 3_600 })}`],
    ['a scheme that is not known here', () => 'Token YTpi'],
    ['an empty bearer', () => 'Bearer'],
  ])(
    'a request that carries both a JWT and a service key is rejected for %s, however good the key is',
    async (_, authorization) => {
      const service = await createService(server, tenant);
      const call = { serviceKey: service.serviceKey, headers: { Authorization: authorization(service) } };
      expect(await whoami(call)).toMatchObject(refused('INVALID_CREDENTIALS'));
      expect(await whoami({ serviceKey: service.serviceKey })).toMatchObject({ status: 200 });
    },
  );
});

it("the sample payload of the vendor's document is rejected: its 11-digit iat is in the year 2480", async () => {
  const service = await createService(server, tenant);
  const sample = { iat: 16_112_812_000, exp: 16_112_813_000 };
  expect(await whoami({ token: tokenOf(service, sample) })).toMatchObject(refused('INVALID_CREDENTIALS'));
});

describe('a service key', () => {
  it('a service key is also taken from the header `key`, as clients of the vendor send it', async () => {
    const { id, serviceKey } = await createService(server, tenant);
    expect(await whoami({ headers: { key: serviceKey } })).toMatchObject({ status: 200, body: { service: { id } } });
    expect(await whoami({ headers: { key: 'wrong' } })).toMatchObject(refused('INVALID_CREDENTIALS'));
    expect(await whoami({ headers: { key: '' } })).toMatchObject(refused('CREDENTIALS_REQUIRED'));
  });

  it('a service key may be in both headers, but two keys may not', async () => {
    const [one, other] = [await createService(server, tenant), await createService(server, tenant)];
    const both = (key: string): Call => ({ serviceKey: one.serviceKey, headers: { key } });
    expect(await whoami(both(one.serviceKey))).toMatchObject({ status: 200 });
    expect(await whoami(both(other.serviceKey))).toMatchObject(refused('INVALID_CREDENTIALS'));
    expect(await whoami(both('x'))).toMatchObject(refused('INVALID_CREDENTIALS'));
  });

  it('a service key with a typing error is answered without asking the database', async () => {
    const { serviceKey } = await createService(server, tenant);
    const typo = serviceKey.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    const statements = await statementsDuring(async () => {
      expect(await whoami({ serviceKey: typo })).toMatchObject(refused('INVALID_CREDENTIALS'));
    });
    expect(statements).toEqual([]);
    expect(await statementsDuring(() => whoami({ serviceKey }))).not.toEqual([]);
  });

  it('a service key is never read from the query', async () => {
    const { serviceKey } = await createService(server, tenant);
    expect(await server.get(`/v1/whoami?key=${serviceKey}`)).toMatchObject(refused('CREDENTIALS_REQUIRED'));
  });
});

it('a JWT that cannot be right by its form is rejected without asking the database', async () => {
  const service = await createService(server, tenant);
  const old = tokenOf(service, { iat: now() - 3_600 });
  expect(await statementsDuring(() => whoami({ token: old }))).toEqual([]);
});

/** A second credential of the type, and how it is shown. */
async function second(service: TestService, authType: string, body: object = {}) {
  const created: Shape = requireCreated(await server.post(credentialsOf(service), { authType, ...body }, tenant.owner));
  const { secret, id }: { secret?: string; id?: string } = created;
  const call = (): Call =>
    authType === 'jwt' ? { token: tokenOf({ ...service, jwtSecret: secret! }) } : { serviceKey: secret };
  const act = (action: string) => server.post(`${credentialsOf(service)}/${id}/${action}`, undefined, tenant.owner);
  return { id, call, act };
}

describe.each(['service_key', 'jwt'])('a credential of type %s', (authType) => {
  it(`a credential of type ${authType} that is active is accepted, one that was discarded is rejected as inactive until it is reactivated`, async () => {
    const credential = await second(await createService(server, tenant), authType);
    expect(await whoami(credential.call())).toMatchObject({ status: 200, body: { credentialId: credential.id } });
    await credential.act('discard');
    expect(await whoami(credential.call())).toMatchObject(refused('CREDENTIAL_INACTIVE'));
    await credential.act('reactivate');
    expect(await whoami(credential.call())).toMatchObject({ status: 200 });
  });

  it(`a credential of type ${authType} is rejected as expired from the instant of its expiry, although nothing has recorded it`, async () => {
    const expiresAt = toRfc3339(clock.now() + HOUR);
    const credential = await second(await createService(server, tenant), authType, { expiresAt });
    clock.advance(HOUR - 1);
    expect(await whoami(credential.call())).toMatchObject({ status: 200 });
    clock.advance(1);
    expect(await whoami(credential.call())).toMatchObject(refused('CREDENTIAL_EXPIRED'));
    await server.setTime(clock.now() - HOUR);
  });

  it(`a credential of type ${authType} that was marked as compromised is always rejected as such`, async () => {
    const credential = await second(await createService(server, tenant), authType);
    await credential.act('compromise');
    expect(await whoami(credential.call())).toMatchObject(refused('CREDENTIAL_COMPROMISED'));
    expect(await credential.act('reactivate')).toMatchObject(refused('WRONG_STATE', 409));
  });

  it(`a credential of type ${authType} that was deleted is unknown`, async () => {
    const service = await createService(server, tenant);
    const credential = await second(service, authType);
    await credential.act('discard');
    const path = `${credentialsOf(service)}/${credential.id}`;
    expect((await server.delete(path, { password: PASSWORD }, tenant.owner)).status).toBe(204);
    expect(await whoami(credential.call())).toMatchObject(refused('INVALID_CREDENTIALS'));
  });

  it(`a credential of type ${authType} of a deleted service is unknown`, async () => {
    const service = await createService(server, tenant);
    const credential = await second(service, authType);
    await server.delete(`${tenant.path}/services/${service.id}`, { password: PASSWORD }, tenant.owner);
    expect(await whoami(credential.call())).toMatchObject(refused('INVALID_CREDENTIALS'));
  });
});

it('an old credential stays valid however many others came after it', async () => {
  const service = await createService(server, tenant);
  for (let turn = 0; turn < 60; turn += 1) {
    const spare = await second(service, 'jwt');
    expect((await spare.act('compromise')).status).toBe(200);
  }
  expect(await whoami({ token: tokenOf(service) })).toMatchObject({ status: 200 });
});

describe('a tenant', () => {
  it('the services of a suspended tenant are rejected with 403, and accepted once it is reactivated', async () => {
    const own = await createTenant(server, 'suspended-callers');
    const service = await createService(server, own);
    const admin = { token: await server.login(ADMIN.email, ADMIN.password) };
    await server.post(`${own.path}/suspend`, undefined, admin);
    for (const call of [{ serviceKey: service.serviceKey }, { token: tokenOf(service) }]) {
      expect(await whoami(call)).toMatchObject(refused('TENANT_SUSPENDED', 403));
    }
    await server.post(`${own.path}/reactivate`, undefined, admin);
    expect(await whoami({ token: tokenOf(service) })).toMatchObject({ status: 200 });
  });

  it('the services of a deleted tenant are unknown', async () => {
    const own = await createTenant(server, 'deleted-callers');
    const service = await createService(server, own);
    const admin = { token: await server.login(ADMIN.email, ADMIN.password) };
    const proof = { password: ADMIN.password, confirm: own.slug };
    expect((await server.delete(own.path, proof, admin)).status).toBe(204);
    for (const call of [{ serviceKey: service.serviceKey }, { token: tokenOf(service) }]) {
      expect(await whoami(call)).toMatchObject(refused('INVALID_CREDENTIALS'));
    }
  });
});

describe('the address of a call', () => {
  const from = (call: Call, forwarded?: string): Call => ({
    ...call,
    ...(forwarded === undefined ? {} : { headers: { 'X-Forwarded-For': forwarded } }),
  });
  async function confined(allowedCidrs: readonly string[]): Promise<Call[]> {
    const service = await createService(server, tenant);
    await server.patch(`${tenant.path}/services/${service.id}`, { allowedCidrs }, tenant.owner);
    return [{ serviceKey: service.serviceKey }, { token: tokenOf(service) }];
  }

  it('the address of a call outside of the allowed networks of the service is rejected with 403 for either credential', async () => {
    for (const call of await confined(['203.0.113.0/24', '2001:db8::/32'])) {
      expect(await whoami(call)).toMatchObject(refused('IP_NOT_ALLOWED', 403));
    }
    for (const call of await confined(['127.0.0.0/8'])) expect(await whoami(call)).toMatchObject({ status: 200 });
  });

  it('the address of a call is checked only after the secret: a caller without one learns nothing about networks', async () => {
    const [call] = await confined(['203.0.113.0/24']);
    const wrong = { serviceKey: `${call!.serviceKey!.slice(0, -1)}-` };
    expect(await whoami(wrong)).toMatchObject(refused('INVALID_CREDENTIALS'));
  });

  it('the address of a call is not what X-Forwarded-For says where no proxy is trusted', async () => {
    const [outside] = await confined(['203.0.113.0/24']);
    expect(await whoami(from(outside!, '203.0.113.7'))).toMatchObject(refused('IP_NOT_ALLOWED', 403));
    const [inside] = await confined(['127.0.0.0/8']);
    expect(await whoami(from(inside!, '203.0.113.7'))).toMatchObject({ status: 200 });
  });

  it('the address of a call is what a trusted proxy says, not what the client wrote before it', async () => {
    const environment = { TRUSTED_PROXIES: '127.0.0.0/8,::1' };
    const behindProxy = await startTestServer({ clock, database, environment });
    try {
      const [call] = await confined(['203.0.113.0/24', '2001:db8::/32']);
      const seen = async (forwarded?: string) => (await whoami(from(call!, forwarded), behindProxy)).status;
      expect(await seen('203.0.113.7')).toBe(200);
      expect(await seen('::ffff:203.0.113.7')).toBe(200);
      expect(await seen('2001:db8::7')).toBe(200);
      expect(await seen('198.51.100.1')).toBe(403);
      expect(await seen('203.0.113.7, 198.51.100.1')).toBe(403);
      expect(await seen('198.51.100.1, 203.0.113.7')).toBe(200);
      expect(await seen('203.0.113.7, 127.0.0.1')).toBe(200);
      expect(await seen()).toBe(403);
      expect(await seen('unknown')).toBe(403);
    } finally {
      await behindProxy.close();
    }
  });

  it('the address of a call is not what an untrusted proxy says', async () => {
    const elsewhere = await startTestServer({ clock, database, environment: { TRUSTED_PROXIES: '10.0.0.0/8' } });
    try {
      const [call] = await confined(['203.0.113.0/24']);
      expect(await whoami(from(call!, '203.0.113.7'), elsewhere)).toMatchObject(refused('IP_NOT_ALLOWED', 403));
    } finally {
      await elsewhere.close();
    }
  });
});

it('a request that is accepted costs no write', async () => {
  const service = await createService(server, tenant);
  const statements = await statementsDuring(() => whoami({ serviceKey: service.serviceKey }));
  expect(statements.filter((statement) => !/^\s*SELECT/i.test(statement))).toEqual([]);
});
