import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock, MINUTE, toRfc3339 } from '#core';

import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TestService, createService } from '../signing/issuer.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;

beforeAll(async () => {
  server = await startTestServer({ clock });
});
beforeEach(async () => {
  tenant = await createTenant(server);
});
afterAll(() => server.close());

const createServices = async (count: number): Promise<TestService[]> => {
  const services: TestService[] = [];
  for (let index = 0; index < count; index += 1) services.push(await createService(server, tenant));
  return services;
};

const rotate = (body: object) => server.post(`${tenant.path}/credentials:rotate`, body, tenant.owner);

async function pageOf(path: string): Promise<readonly Shape[]> {
  const { status, body } = await server.get(`${tenant.path}/${path}`, tenant.owner);
  expect([path, status]).toEqual([path, 200]);
  return body['items']!;
}

const rotationOf = async (id: string): Promise<Shape> =>
  (await server.get(`${tenant.path}/credential-rotations/${id}`, tenant.owner)).body;

const usable = async (serviceKey: string): Promise<number> => (await server.get('/v1/whoami', { serviceKey })).status;

const secretOf = async (serviceId: string, credentialId: string): Promise<string> => {
  const path = `${tenant.path}/services/${serviceId}/credentials/${credentialId}/reveal`;
  return (await server.post(path, undefined, tenant.owner)).body['secret']!;
};

describe('a rotation of many credentials', () => {
  it('50 services are rotated twice by one request each, and no secret fails while its overlap lasts', async () => {
    await createServices(50);
    const filter = { authType: 'service_key' };
    let inUse = new Map<string, string>();
    for (const credential of await pageOf('credentials?authType=service_key&state=active&limit=200')) {
      inUse.set(credential['serviceId']!, await secretOf(credential['serviceId']!, credential['id']!));
    }
    for (const round of ['first', 'second']) {
      const started = await rotate({ filter, overlapSeconds: 3_600, deleteInactive: true, password: PASSWORD });
      expect([round, started.status, started.body['total']]).toEqual([round, 202, 50]);
      await server.runScheduler();
      // In the second round the overlap of the first has not ended: nothing that is still accepted was deleted.
      for (const secret of inUse.values()) expect(await usable(secret)).toBe(200);
      if (round === 'second') {
        expect(await rotationOf(started.body['id']!)).toMatchObject({ state: 'running', rotated: 0, rejected: 0 });
        clock.advance(HOUR);
        tenant = { ...tenant, owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) } };
        await server.runScheduler();
      }
      expect(await rotationOf(started.body['id']!)).toMatchObject({ state: 'completed', rotated: 50, rejected: 0 });
      inUse = new Map();
      for (const item of await pageOf(`credential-rotations/${started.body['id']}/items?state=rotated&limit=200`)) {
        inUse.set(item['serviceId']!, await secretOf(item['serviceId']!, item['successorId']!));
      }
      expect(inUse.size).toBe(50);
    }
    const [active, inactive] = [
      await pageOf('credentials?authType=service_key&state=active&limit=200'),
      await pageOf('credentials?authType=service_key&state=inactive&limit=200'),
    ];
    expect([active.length, inactive.length]).toEqual([100, 0]);
  });

  it('a rotation selects by service, type, name, expiry and use, and leaves all others', async () => {
    const [one] = await createServices(2);
    const started = await rotate({ filter: { serviceId: one!.id, authType: 'jwt' } });
    expect(started.body).toMatchObject({ total: 1, filter: { serviceId: one!.id, authType: 'jwt' } });
    await server.runScheduler();
    const inactive = await pageOf('credentials?state=inactive');
    expect(inactive.map(({ serviceId, authType }) => [serviceId, authType])).toEqual([[one!.id, 'jwt']]);
  });

  it('a rotation that is begun again rotates what remains, and no successor of the first', async () => {
    const [blocked] = await createServices(3);
    const path = `${tenant.path}/services/${blocked!.id}/credentials`;
    const [key] = await pageOf(`services/${blocked!.id}/credentials?authType=service_key`);
    const successor = await server.post(`${path}/${key!['id']}/regenerate`, {}, tenant.owner);
    clock.advance(MINUTE);
    const filter = { authType: 'service_key' };
    const first = await rotate({ filter, overlapSeconds: 3_600 });
    clock.advance(MINUTE);
    await server.runScheduler();
    expect(await rotationOf(first.body['id']!)).toMatchObject({ total: 3, rotated: 2, rejected: 1 });

    const rest = { ...filter, createdBefore: first.body['createdAt'] };
    const [again, remains] = [
      await rotate({ filter, deleteInactive: true, dryRun: true }),
      await rotate({ filter: rest, deleteInactive: true, dryRun: true }),
    ];
    expect([again, remains].map(({ body }) => body['impact']!['total'])).toEqual([3, 1]);
    const second = await rotate({ filter: rest, deleteInactive: true, password: PASSWORD });
    expect(second.body).toMatchObject({ total: 1, filter: rest });
    await server.runScheduler();
    const items = await pageOf(`credential-rotations/${second.body['id']}/items`);
    expect(items).toMatchObject([{ credentialId: successor.body['id'], state: 'rotated' }]);
    const old = await pageOf(`credentials?createdBefore=${encodeURIComponent(first.body['createdAt']!)}&limit=200`);
    expect(old.every(({ createdAt }) => createdAt! < first.body['createdAt']!)).toBe(true);
  });

  it('a rotation reports each credential that it rejects, with the code', async () => {
    const [service] = await createServices(1);
    const credentials = `${tenant.path}/services/${service!.id}/credentials`;
    const [key] = await pageOf(`services/${service!.id}/credentials?authType=service_key`);
    await server.post(`${credentials}/${key!['id']}/regenerate`, {}, tenant.owner);
    const filter = { authType: 'service_key' };
    const dryRun = await rotate({ filter, dryRun: true });
    expect([dryRun.status, dryRun.body['allowed']]).toEqual([200, false]);
    const rejection = { serviceId: service!.id, code: 'INACTIVE_CREDENTIAL_EXISTS' };
    expect(dryRun.body['impact']).toMatchObject({ total: 1, rotated: 0, waiting: 0, rejected: [rejection] });
    expect(await pageOf('credential-rotations')).toEqual([]);
    const { body } = await rotate({ filter });
    await server.runScheduler();
    expect(await rotationOf(body['id']!)).toMatchObject({ state: 'completed', rotated: 0, rejected: 1 });
    const items = await pageOf(`credential-rotations/${body['id']}/items?state=rejected`);
    expect(items).toMatchObject([{ ...rejection, state: 'rejected', successorId: null }]);
  });

  it('a cancelled rotation rotates nothing any more, and is in the history with its request', async () => {
    await createServices(2);
    const { body } = await rotate({ filter: {} });
    const cancel = `${tenant.path}/credential-rotations/${body['id']}/cancel`;
    expect((await server.post(cancel, undefined, tenant.owner)).body).toMatchObject({ state: 'cancelled', rotated: 0 });
    await server.runScheduler();
    expect(await pageOf('credentials?state=inactive')).toEqual([]);
    expect((await server.post(cancel, undefined, tenant.owner)).body['code']).toBe('WRONG_STATE');
    const events = await pageOf(`audit-events?targetId=${body['id']}`);
    expect(events.map(({ action }) => action)).toEqual([
      'request.refused',
      'credential_rotation.cancelled',
      'credential_rotation.started',
    ]);
  });

  it.each<[string, object, number, string]>([
    ['without a filter', {}, 400, 'VALIDATION_ERROR'],
    ['by an unknown filter', { filter: { state: 'inactive' } }, 400, 'VALIDATION_ERROR'],
    ['of nothing', { filter: { name: 'no such name' } }, 409, 'NO_CREDENTIALS_SELECTED'],
    ['that deletes, without a password', { filter: {}, deleteInactive: true }, 401, 'PASSWORD_REQUIRED'],
    ['with an overlap of a year', { filter: {}, overlapSeconds: 31_536_000 }, 400, 'VALIDATION_ERROR'],
  ])('a rotation %s is rejected', async (_, body, status, code) => {
    await createServices(1);
    const answer = await rotate(body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('a rotation is rejected where the new secrets could never be read', async () => {
    await createServices(1);
    await server.patch(tenant.path, { settings: { reveal: 'never' } }, tenant.owner);
    expect((await rotate({ filter: {} })).body['code']).toBe('NOT_REVEALABLE');
  });

  it('the eleventh rotation at the same time is rejected', async () => {
    await createServices(1);
    for (let count = 0; count < 10; count += 1) expect((await rotate({ filter: {} })).status).toBe(202);
    expect((await rotate({ filter: {} })).body['code']).toBe('ROTATION_LIMIT_REACHED');
  });

  it('a repeated request with the same idempotency key starts one rotation', async () => {
    await createServices(1);
    const call = { token: tenant.owner.token, headers: { 'Idempotency-Key': 'rotate-once' } };
    const path = `${tenant.path}/credentials:rotate`;
    const [first, again] = [
      await server.post(path, { filter: {} }, call),
      await server.post(path, { filter: {} }, call),
    ];
    expect([first.status, again.status, again.body['id']]).toEqual([202, 202, first.body['id']]);
    expect(await pageOf('credential-rotations')).toHaveLength(1);
  });
});

describe('the credentials of a tenant', () => {
  it('the credentials of a tenant are filtered by use, expiry, name, state and service', async () => {
    const [used, unused] = await createServices(2);
    const path = `${tenant.path}/services/${unused!.id}/credentials`;
    const expiresAt = toRfc3339(clock.now() + 10 * DAY);
    const named = await server.post(path, { authType: 'jwt', name: 'nightly', expiresAt }, tenant.owner);
    clock.advance(MINUTE);
    expect(await usable(used!.serviceKey)).toBe(200);
    const since = encodeURIComponent(toRfc3339(clock.now()));
    const before = encodeURIComponent(toRfc3339(clock.now() + 11 * DAY));
    const services = async (query: string) =>
      (await pageOf(`credentials?${query}`)).map(({ serviceId, authType }) => [serviceId, authType]);
    expect(await services('name=nightly')).toEqual([[unused!.id, 'jwt']]);
    expect(await services(`expiresBefore=${before}`)).toEqual([[unused!.id, 'jwt']]);
    expect(await services(`serviceId=${used!.id}&authType=jwt`)).toEqual([[used!.id, 'jwt']]);
    expect(await services(`unusedSince=${since}&authType=service_key`)).toContainEqual([unused!.id, 'service_key']);
    expect(await services('state=inactive')).toEqual([]);
    const [shown] = await pageOf('credentials?name=nightly');
    expect(shown).toMatchObject({
      id: named.body['id'],
      allowedActions: expect.arrayContaining(['discard']) as unknown,
    });
    expect(JSON.stringify(shown)).not.toContain(named.body['secret']);
  });

  it('the credentials of a tenant are exported as JSON lines', async () => {
    await createServices(3);
    const answer = await server.get(`${tenant.path}/credentials/export?authType=jwt`, tenant.owner);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Shape);
    expect(lines.map(({ authType }) => authType)).toEqual(['jwt', 'jwt', 'jwt']);
  });
});
