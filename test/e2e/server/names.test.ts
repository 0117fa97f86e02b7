import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { permissionRow } from '#tenants';

import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { nameOf, pathWith, routesOf } from './routes.js';

const ANY_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
});
afterAll(() => server.close());

describe('a name', () => {
  it('a name with an invisible character is rejected by every call that names something', async () => {
    const { paths, components } = (await server.get('/openapi.json')).body;
    const naming = routesOf(server.server.app).filter(({ method, path, permission }) => {
      const operation = paths![pathWith(path, (name) => `{${name}}`)]?.[method.toLowerCase()];
      const schema = operation?.['requestBody']?.['content']?.['application/json']?.['schema'] as Shape | undefined;
      const reference = String(schema?.['$ref']).split('/').at(-1)!;
      const isOfPeople = permission !== undefined && permissionRow(permission).audience !== 'service';
      return isOfPeople && components!['schemas']![reference]?.['properties']?.['name'] !== undefined;
    });
    const admin = { token: await server.login() };
    for (const route of naming) {
      const path = pathWith(route.path, (name) => (name === 'tenantId' ? tenant.id : ANY_ID));
      const isOfPlatform = permissionRow(route.permission!).audience === 'platform-user';
      const answer = await server.request(
        route.method,
        path,
        { name: 'a\u200bb' },
        isOfPlatform ? admin : tenant.owner,
      );
      const errors = (answer.body['errors'] ?? []) as unknown as Shape[];
      const code = errors.find((error) => (error['pointer'] as unknown) === '/name')?.['code'];
      // The names of keys, authorities and profiles are of ASCII.
      expect([nameOf(route), answer.status, code]).toEqual([
        nameOf(route),
        400,
        expect.stringMatching(/^(INVISIBLE_CHARACTER|MATCHES)$/),
      ]);
    }
    expect(naming.length).toBeGreaterThan(15);
  });

  it('a name is the same with other blanks and in another normal form: it is stored once, and found', async () => {
    const services = `${tenant.path}/services`;
    const made = await server.post(services, { name: '  Mu\u0308ller\u00a0 & Co ' }, tenant.owner);
    expect(made.body['service']).toMatchObject({ name: 'M\u00fcller & Co' });
    for (const name of ['M\u00fcller & Co', 'Mu\u0308ller & Co', 'M\u00fcller  &\u3000Co']) {
      const again = await server.post(services, { name }, tenant.owner);
      expect([name, again.status, again.body['code']]).toEqual([name, 409, 'SERVICE_NAME_TAKEN']);
      const found = await server.get(`${services}?name=${encodeURIComponent(name)}`, tenant.owner);
      expect([name, found.body['items']![0]?.['id']]).toEqual([name, made.body['service']!['id']]);
    }
    expect((await server.post(services, { name: 'm\u00fcller & co' }, tenant.owner)).status).toBe(201);
  });

  it('a name of blanks only is rejected, and one with an emoji of several characters is not', async () => {
    const services = `${tenant.path}/services`;
    const blank = await server.post(services, { name: ' \u00a0 ' }, tenant.owner);
    expect(blank).toMatchObject({ status: 400, body: { errors: [{ pointer: '/name', code: 'BLANK' }] } });
    const name = '\u{1f469}\u200d\u{1f4bb} shop';
    expect((await server.post(services, { name }, tenant.owner)).body['service']).toMatchObject({ name });
  });

  it('a name of a tenant and of its owner is normalised, too', async () => {
    const owner = { email: 'new@names.test', name: ' Ada  Lovelace', password: 'a password that is long enough' };
    const call = { token: await server.login() };
    const made = await server.post('/v1/tenants', { slug: 'names', name: 'A\u0308  Ltd', owner }, call);
    expect(made.body).toMatchObject({ name: '\u00c4 Ltd' });
    const self = await server.get('/v1/auth/me', { token: await server.login(owner.email, owner.password) });
    expect(JSON.stringify(self.body)).toContain('"Ada Lovelace"');
  });
});
