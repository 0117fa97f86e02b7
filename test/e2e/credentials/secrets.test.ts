import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { MINUTE, ManualClock, SECOND } from '#core';

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
import { signIn } from '../admin/people.js';
import { dumpDatabase } from '../server/database-dump.js';

const REVEALS_PER_MINUTE = 5;
const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let services = 0;
/** A fresh service for each test. */
let path: string;
let serviceKey: Shape;
let jwtCredential: Shape;

beforeAll(async () => {
  database = await createMigratedDatabase();
  const generous = { login: 1_000, admin: 10_000, public: 1_000 };
  const rateLimitQuotas = { ...generous, reveal: REVEALS_PER_MINUTE };
  server = await startTestServer({ clock, database, rateLimitQuotas });
  tenant = await createTenant(server, 'secrets');
});
afterAll(async () => {
  await server.close();
  await database.drop();
});
beforeEach(async () => {
  // The quota of reveals is whole again in each test, and no session has expired.
  clock.advance(MINUTE);
  const token = await server.login(tenant.owner.email, PASSWORD);
  tenant = { ...tenant, owner: { ...tenant.owner, token } };
  ({ path, serviceKey, jwtCredential } = await newService(tenant));
});

async function newService(within: TestTenant) {
  const name = `service ${++services}`;
  const { body } = await server.post(`${within.path}/services`, { name }, within.owner);
  const service: Shape = body['service']!;
  return {
    path: `${within.path}/services/${service['id']}/credentials`,
    serviceKey: body['serviceKey']!,
    jwtCredential: body['jwtCredential']!,
  };
}

const pathOf = (credential: Shape, at = path) => `${at}/${credential['id']}`;
const act = (credential: Shape, action: string, call: Call = tenant.owner, body?: unknown) =>
  server.post(`${pathOf(credential)}/${action}`, body, call);
const refused = (status: number, code: string) => ({ status, body: { code } });

describe('a secret', () => {
  it('a secret is masked wherever a credential is shown', async () => {
    for (const credential of [serviceKey, jwtCredential]) {
      const secret: string = credential['secret']!;
      const answers = [
        await server.get(path, tenant.owner),
        await server.get(pathOf(credential), tenant.owner),
        await server.patch(pathOf(credential), { name: 'renamed' }, tenant.owner),
        await act(credential, 'discard?dryRun=true'),
        await server.get(path.replace('/credentials', ''), tenant.owner),
        await server.get(`${tenant.path}/audit-events`, tenant.owner),
      ];
      for (const { status, text } of answers) {
        expect(status).toBe(200);
        expect(text).not.toContain(secret.slice(8, 24));
      }
      expect(answers[1]!.body['secretMasked']).toMatch(/••••/);
    }
  });

  it.each([
    ['owner', 200],
    ['full_access', 200],
    ['limited_access', 200],
    ['auditor', 403],
  ])('a secret is revealed to a member by role: %s %i', async (role, status) => {
    const own = await createTenant(server, `reveal-by-${role.replace('_', '-')}`);
    const service = await newService(own);
    const call = role === 'owner' ? own.owner : await signIn(server, own, role);
    for (const credential of [service.serviceKey, service.jwtCredential]) {
      const answer = await server.post(`${pathOf(credential, service.path)}/reveal`, undefined, call);
      expect(answer.status).toBe(status);
      if (status === 200) {
        expect(answer.body).toEqual({ secret: credential['secret'] });
        expect(answer.headers.get('cache-control')).toBe('no-store');
      } else {
        expect(answer.body['code']).toBe('FORBIDDEN');
      }
    }
  });

  it('a secret is answered only with its event in the history', async () => {
    const { body } = await act(serviceKey, 'reveal');
    expect(body['secret']).toBe(serviceKey['secret']);
    const query = `action=credential.revealed&targetId=${serviceKey['id']}`;
    const { items } = (await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)).body;
    expect(items).toHaveLength(1);
  });

  it.each([
    ['allowed', [200, 200]],
    ['once', [200, 409]],
    ['never', [409, 409]],
  ])('a secret under the setting `reveal: %s` that is revealed twice: %j', async (reveal, statuses) => {
    await server.patch(tenant.path, { settings: { reveal } }, tenant.owner);
    const answers = [await act(serviceKey, 'reveal'), await act(serviceKey, 'reveal')];
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    for (const { status, body } of answers) if (status === 409) expect(body['code']).toBe('NOT_REVEALABLE');
    const shown = (await server.get(pathOf(serviceKey), tenant.owner)).body;
    if (statuses[1] === 409) expect(shown['blockedActions']).toMatchObject({ reveal: 'NOT_REVEALABLE' });
    await server.patch(tenant.path, { settings: { reveal: 'allowed' } }, tenant.owner);
  });

  it('revealing secrets too fast is rejected with 429 and the time to wait', async () => {
    for (let turn = 0; turn < REVEALS_PER_MINUTE; turn += 1) expect((await act(serviceKey, 'reveal')).status).toBe(200);
    const refusal = await act(serviceKey, 'reveal');
    expect(refusal).toMatchObject(refused(429, 'RATE_LIMITED'));
    expect(refusal.text).not.toContain(serviceKey['secret']);
    const wait = Number(refusal.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    clock.advance(wait * SECOND);
    expect((await act(serviceKey, 'reveal')).status).toBe(200);
  });

  it('a secret is created once and repeated for one Idempotency-Key', async () => {
    const create = (body: object) =>
      server.post(path, body, { ...tenant.owner, headers: { 'Idempotency-Key': `create-${services}` } });
    const [one, again] = [await create({ authType: 'service_key' }), await create({ authType: 'service_key' })];
    expect([one.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(one.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const { items } = (await server.get(`${path}?authType=service_key`, tenant.owner)).body;
    expect(items).toHaveLength(2);
    expect(await create({ authType: 'jwt' })).toMatchObject(refused(422, 'IDEMPOTENCY_KEY_REUSED'));
  });
});

describe('a dry run (`dryRun=true`)', () => {
  it('a dry run says what would happen and changes no row', async () => {
    const spare = (await server.post(path, { authType: 'service_key' }, tenant.owner)).body;
    const idle = (await server.post(path, { authType: 'jwt' }, tenant.owner)).body;
    await act(idle, 'discard');
    const before = await dumpDatabase(database.url);
    const foreseen = [
      await act(spare, 'discard?dryRun=true'),
      await act(spare, 'compromise?dryRun=true', tenant.owner, {}),
      await act(jwtCredential, 'discard?dryRun=true'),
      await act(jwtCredential, 'compromise?dryRun=true', tenant.owner, {}),
      await server.delete(`${pathOf(idle)}?dryRun=true`, undefined, tenant.owner),
      await server.delete(`${pathOf(spare)}?dryRun=true`, undefined, tenant.owner),
    ];
    expect(await dumpDatabase(database.url)).toEqual(before);
    expect(foreseen.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(foreseen.map(({ body }) => body)).toEqual([
      { allowed: true, impact: impact('inactive', 1, 1) },
      { allowed: true, impact: impact('compromised', 1, 0) },
      { allowed: false, code: 'LAST_ACTIVE_CREDENTIAL', impact: impact('active', 1, 1) },
      { allowed: true, impact: impact('compromised', 1, 1, true) },
      { allowed: true, impact: impact('deleted', 1, 0) },
      { allowed: false, code: 'WRONG_STATE', impact: impact('active', 2, 0) },
    ]);
    expect((await act(spare, 'discard')).body['state']).toBe('inactive');
    expect(await dumpDatabase(database.url)).not.toEqual(before);
  });

  const impact = (state: string, activeAfter: number, inactiveAfter: number, successor = false) => ({
    state,
    activeAfter,
    inactiveAfter,
    successor,
    lastUsedAt: null,
  });
});

describe('a change', () => {
  it('a change of a credential that has changed since it was read is rejected by If-Match', async () => {
    const read = await server.get(pathOf(serviceKey), tenant.owner);
    const etag = read.headers.get('etag')!;
    expect(etag).toMatch(/^"\d+-[\w-]{16}"$/);
    const when = (tag: string): Call => ({ ...tenant.owner, headers: { 'If-Match': tag } });
    await server.post(path, { authType: 'service_key' }, tenant.owner);
    const renamed = await server.patch(pathOf(serviceKey), { name: 'a' }, when(etag));
    expect(renamed.status).toBe(200);
    expect(await server.patch(pathOf(serviceKey), { name: 'b' }, when(etag))).toMatchObject(
      refused(412, 'PRECONDITION_FAILED'),
    );
    expect(await act(serviceKey, 'discard', when(etag))).toMatchObject(refused(412, 'PRECONDITION_FAILED'));
    expect((await act(serviceKey, 'discard', when(renamed.headers.get('etag')!))).status).toBe(200);
    expect((await act(serviceKey, 'reactivate', when('*'))).status).toBe(200);
    expect((await act(serviceKey, 'discard', when('nonsense'))).status).toBe(400);
  });
});

describe('deleting', () => {
  it("deleting a credential takes the user's own password; after five wrong ones even the right one is rejected", async () => {
    const own = await createTenant(server, 'delete-lock');
    const service = await newService(own);
    const spare = (await server.post(service.path, { authType: 'service_key' }, own.owner)).body;
    await server.post(`${pathOf(spare, service.path)}/discard`, undefined, own.owner);
    const remove = (body?: unknown) => server.delete(pathOf(spare, service.path), body, own.owner);

    for (const absent of [undefined, {}, { password: '' }]) {
      expect(await remove(absent)).toMatchObject(refused(401, 'PASSWORD_REQUIRED'));
    }
    for (let guess = 0; guess < 5; guess += 1) {
      expect(await remove({ password: `guess number ${guess}` })).toMatchObject(refused(403, 'PASSWORD_INVALID'));
    }
    const locked = await remove({ password: PASSWORD });
    expect(locked).toMatchObject(refused(429, 'TOO_MANY_ATTEMPTS'));
    expect((await server.get(pathOf(spare, service.path), own.owner)).body['state']).toBe('inactive');
    clock.advance(Number(locked.headers.get('retry-after')) * SECOND);
    expect((await remove({ password: PASSWORD })).status).toBe(204);
    expect(await remove({ password: PASSWORD })).toMatchObject(refused(409, 'WRONG_STATE'));
  });
});
