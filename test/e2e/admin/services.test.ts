import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'services');
});
afterAll(() => server.close());

const create = (body: unknown, headers = {}) =>
  server.post(`${tenant.path}/services`, body, { ...tenant.owner, headers });

describe('services', () => {
  it('services are created with both credentials, whose secrets work and are shown once', async () => {
    const created = await create({ name: 'billing', profiles: ['*'], allowedCidrs: ['127.0.0.0/8', '::1/128'] });
    expect(created.status).toBe(201);
    expect(created.headers.get('cache-control')).toBe('no-store');
    const { service, serviceKey, jwtCredential } = created.body;
    expect(service).toEqual({
      id: expect.any(String),
      name: 'billing',
      description: null,
      profiles: ['*'],
      allowedCidrs: ['127.0.0.0/8', '::1/128'],
      contacts: [],
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      lastUsedAt: null,
    });
    expect(serviceKey).toMatchObject({
      authType: 'service_key',
      state: 'active',
      secret: expect.stringMatching(/^csk_/),
    });
    expect(jwtCredential).toMatchObject({ authType: 'jwt', state: 'active' });
    expect(Buffer.from(jwtCredential!['secret']!, 'base64')).toHaveLength(32);
    for (const member of ['sealedSecret', 'lookupHash', 'tenantId', 'inactiveSlot']) {
      expect(serviceKey).not.toHaveProperty(member);
    }
    const whoami = await server.get('/v1/whoami', { serviceKey: serviceKey!['secret']! });
    expect(whoami).toMatchObject({ status: 200, body: { service: { name: 'billing' } } });
    const listed = await server.get(`${tenant.path}/services/${service!['id']}/credentials`, tenant.owner);
    expect(listed.text).not.toContain(serviceKey!['secret']!);
  });

  it('services answer a repeated request with the first answer', async () => {
    const key = { 'Idempotency-Key': 'once' };
    const first = await create({ name: 'once' }, key);
    const second = await create({ name: 'once' }, key);
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(second.body).toEqual(first.body);
    expect(await create({ name: 'twice' }, key)).toMatchObject({ body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it.each([
    [{ name: '' }, '/name'],
    [{ name: 'n'.repeat(101) }, '/name'],
    [{ name: 'n', profiles: Array.from({ length: 101 }, (_, n) => `p${n}`) }, '/profiles'],
    [{ name: 'n', allowedCidrs: Array.from({ length: 51 }, (_, n) => `10.0.${n}.0/24`) }, '/allowedCidrs'],
    [{ name: 'n', allowedCidrs: ['10.0.0.0/33'] }, '/allowedCidrs/0'],
    [{ name: 'n', tenantId: 'x' }, '/tenantId'],
  ])('a service is rejected: case %#', async (body, pointer) => {
    expect(await create(body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it('services are read, changed and deleted with the password', async () => {
    const id: string = (await create({ name: 'shipping', description: 'Ships' })).body['service']!['id']!;
    const path = `${tenant.path}/services/${id}`;
    expect(await create({ name: 'shipping' })).toMatchObject({ status: 409, body: { code: 'SERVICE_NAME_TAKEN' } });
    const read = await server.get(path, tenant.owner);
    expect([read.body['version'], read.body['description']]).toEqual([1, 'Ships']);
    const changed = await server.patch(path, { name: 'freight', description: null }, tenant.owner);
    expect(changed).toMatchObject({ status: 200, body: { name: 'freight', description: null, version: 2 } });
    const stale = { ...tenant.owner, headers: { 'If-Match': '"1"' } };
    expect((await server.patch(path, { name: 'x' }, stale)).status).toBe(412);

    expect(await server.delete(path, undefined, tenant.owner)).toMatchObject({
      status: 401,
      body: { code: 'PASSWORD_REQUIRED' },
    });
    const password = PASSWORD;
    expect((await server.delete(path, { password: 'wrong' }, tenant.owner)).status).toBe(403);
    const foreseen = { allowed: true, impact: { liveCredentials: 2, lastUsedAt: null } };
    expect(await server.delete(`${path}?dryRun=true`, undefined, tenant.owner)).toMatchObject({
      status: 200,
      body: foreseen,
    });
    expect((await server.delete(path, { password }, stale)).status).toBe(412);
    expect((await server.delete(path, { password }, tenant.owner)).status).toBe(204);
    expect((await server.get(path, tenant.owner)).status).toBe(404);
    expect((await create({ name: 'freight' })).status).toBe(201);
  });

  it("services of one tenant do not exist for another, nor does another's tenant", async () => {
    const id: string = (await create({ name: 'private' })).body['service']!['id']!;
    const { path, owner } = await createTenant(server, 'other-services');
    const absent = { status: 404, body: { code: 'NOT_FOUND' } };
    for (const base of [path, tenant.path]) {
      expect(await server.get(`${base}/services/${id}`, owner)).toMatchObject(absent);
      expect(await server.patch(`${base}/services/${id}`, { name: 'x' }, owner)).toMatchObject(absent);
      const removed = await server.delete(`${base}/services/${id}`, { password: PASSWORD }, owner);
      expect(removed).toMatchObject(absent);
      expect(await server.get(`${base}/services/${id}/credentials`, owner)).toMatchObject(absent);
    }
  });
});
