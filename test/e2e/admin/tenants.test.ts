import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { effectiveSettings } from '#tenants';

import { ADMIN, PASSWORD, type Shape, type TestServer, createTenant, startTestServer } from '../../support/server.js';

let server: TestServer;
let admin: { token: string };
beforeAll(async () => {
  server = await startTestServer();
  admin = { token: await server.login() };
});
afterAll(() => server.close());

const newTenant = (slug: string) => ({
  slug,
  name: 'Acme Ltd',
  owner: { email: `owner@${slug}.test`, name: 'Ada', password: PASSWORD },
});

describe('tenants', () => {
  it('tenants are created with an owner and the default settings', async () => {
    const created = await server.post('/v1/tenants', newTenant('acme'), admin);
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.body).toEqual({
      id: expect.any(String),
      slug: 'acme',
      name: 'Acme Ltd',
      state: 'active',
      // Its spec says which they are.
      settings: effectiveSettings({}),
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(await server.post('/v1/tenants', newTenant('acme'), admin)).toMatchObject({ status: 409 });
    await server.login('owner@acme.test', PASSWORD);
  });

  it.each(['ab', 'a'.repeat(64), 'Acme', 'a--b', '-ab', 'ab-', 'a_b', '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47'])(
    'a tenant cannot have the slug %s',
    async (slug) => {
      const answer = await server.post('/v1/tenants', { ...newTenant('unused'), slug }, admin);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/slug' }] } });
    },
  );

  it('a new tenant is rejected with a pointer to its password of fewer than 12 characters', async () => {
    const tenant = { ...newTenant('short'), owner: { email: 'a@short.test', name: 'A', password: 'short' } };
    const answer = await server.post('/v1/tenants', tenant, admin);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/owner/password' }] } });
  });

  it('tenants are listed page by page to the platform alone', async () => {
    for (const slug of ['list-a', 'list-b']) await createTenant(server, slug);
    const slugs: string[] = [];
    let cursor = '';
    do {
      const page = await server.get(`/v1/tenants?limit=1${cursor}`, admin);
      expect(page.status).toBe(200);
      const { items, nextCursor } = page.body;
      slugs.push(...(items as unknown as Shape[]).map(({ slug }) => String(slug)));
      cursor = (nextCursor as unknown) === null ? '' : `&cursor=${nextCursor}`;
    } while (cursor !== '');
    expect(slugs.slice(-2)).toEqual(['list-a', 'list-b']);
    expect(new Set(slugs).size).toBe(slugs.length);

    const { owner } = await createTenant(server, 'list-c');
    expect(await server.get('/v1/tenants', owner)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await server.get('/v1/tenants')).toMatchObject({ status: 401, body: { code: 'CREDENTIALS_REQUIRED' } });
    for (const query of ['limit=0', 'limit=201', 'limit=ten', 'cursor=nonsense', 'page=2']) {
      expect((await server.get(`/v1/tenants?${query}`, admin)).status).toBe(400);
    }
  });

  it('tenants are read by id or slug, and do not exist for users who are no members', async () => {
    const tenant = await createTenant(server, 'readable');
    const stranger = await createTenant(server, 'stranger');
    for (const name of [tenant.id, tenant.slug]) {
      for (const call of [tenant.owner, admin]) {
        expect((await server.get(`/v1/tenants/${name}`, call)).body).toMatchObject({ id: tenant.id, slug: 'readable' });
      }
      const absent = { status: 404, body: { code: 'NOT_FOUND' } };
      expect(await server.get(`/v1/tenants/${name}`, stranger.owner)).toMatchObject(absent);
      expect(await server.patch(`/v1/tenants/${name}`, { name: 'x' }, stranger.owner)).toMatchObject(absent);
    }
  });

  it('tenants are changed by their owner, on the version that was read', async () => {
    const { path, owner } = await createTenant(server, 'changing');
    const change = (body: unknown, etag?: string) =>
      server.patch(path, body, { ...owner, headers: etag === undefined ? {} : { 'If-Match': etag } });
    const changed = await change({ name: 'New', settings: { reveal: 'once' } }, '"1"');
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'New', version: 2, settings: { reveal: 'once', credentialsPerType: 2 } },
    });
    expect(changed.headers.get('etag')).toBe('"2"');
    expect(await change({ name: 'Newer' }, '"1"')).toMatchObject({
      status: 412,
      body: { code: 'PRECONDITION_FAILED' },
    });
    expect(await change({ settings: { reveal: 'always' } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/settings/reveal' }] },
    });
    expect(await change({ settings: { unknown: 1 } })).toMatchObject({ status: 400 });
    expect(await change({ slug: 'other' })).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'UNKNOWN_FIELD' }] },
    });
    expect(await server.patch(path, { name: 'x' }, admin)).toMatchObject({ status: 404 });
  });

  it('tenants are suspended, their calls rejected, and reactivated', async () => {
    const { slug, path, owner } = await createTenant(server, 'suspended');
    expect(await server.post(`/v1/tenants/${slug}/suspend`, undefined, owner)).toMatchObject({ status: 403 });
    const suspended = await server.post(`/v1/tenants/${slug}/suspend`, undefined, admin);
    expect(suspended).toMatchObject({ status: 200, body: { state: 'suspended' } });
    expect(await server.post(`${path}/suspend`, undefined, admin)).toMatchObject({
      status: 409,
      body: { code: 'WRONG_STATE' },
    });
    expect(await server.get(path, owner)).toMatchObject({ status: 403, body: { code: 'TENANT_SUSPENDED' } });
    expect((await server.get(path, admin)).status).toBe(200);
    expect((await server.get(`${path}/.well-known/jwks.json`)).status).toBe(200);
    expect(await server.post(`${path}/reactivate`, undefined, admin)).toMatchObject({ body: { state: 'active' } });
    expect((await server.get(path, owner)).status).toBe(200);
  });

  it("tenants are deleted only with the administrator's password and the tenant's slug", async () => {
    const { path, owner } = await createTenant(server, 'deleted');
    const remove = (body: unknown) => server.delete(path, body, admin);
    const { password } = ADMIN;
    expect(await remove({ confirm: 'deleted' })).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    expect(await remove({ confirm: 'deleted', password: 'wrong' })).toMatchObject({
      status: 403,
      body: { code: 'PASSWORD_INVALID' },
    });
    expect(await remove({ confirm: 'another', password })).toMatchObject({
      status: 422,
      body: { code: 'CONFIRMATION_MISMATCH' },
    });
    expect(await server.delete(path, { confirm: 'deleted', password: PASSWORD }, owner)).toMatchObject({ status: 403 });
    expect((await remove({ confirm: 'deleted', password })).status).toBe(204);
    expect((await server.get(path, owner)).status).toBe(404);
    expect((await remove({ confirm: 'deleted', password })).status).toBe(404);
    expect((await server.get(`${path}/.well-known/jwks.json`)).status).toBe(404);
  });
});
