import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { permissionRow } from '#tenants';

import {
  ADMIN,
  type Call,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type Route, nameOf, pathWith, routesOf } from '../server/routes.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
});
afterAll(() => server.close());

/** A service of the tenant, with the ids of its two credentials and a second service key. */
async function createService(name: string) {
  const { body } = await server.post(`${tenant.path}/services`, { name }, tenant.owner);
  const path = `${tenant.path}/services/${body['service']!['id']}`;
  const second = await server.post(`${path}/credentials`, { authType: 'service_key' }, tenant.owner);
  return { path, credential: `${path}/credentials/${second.body['id']}`, secret: second.body['secret']! as string };
}

describe('a body that a call does not declare', () => {
  it('a body that a call does not declare is rejected, and the credential of `{"dryRun": true}` in the body of discard stays active', async () => {
    const { credential } = await createService('dry-run');
    const refused = await server.post(`${credential}/discard`, { dryRun: true }, tenant.owner);
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: '/dryRun', code: 'UNKNOWN_FIELD' }] },
    });
    expect((await server.get(credential, tenant.owner)).body['state']).toBe('active');
  });

  /** Every operation that changes something and has no body in the API document. */
  async function routesWithoutBody(): Promise<Route[]> {
    const { paths } = (await server.get('/openapi.json')).body;
    return routesOf(server.server.app).filter(({ method, path }) => {
      const operation = paths![pathWith(path, (name) => `{${name}}`)]?.[method.toLowerCase()];
      const forwarded = path.startsWith('/v1/forward-auth');
      return !['GET', 'HEAD', 'OPTIONS'].includes(method) && !forwarded && operation?.['requestBody'] === undefined;
    });
  }

  it('a body that a call does not declare is rejected by every route that has none in the API document', async () => {
    const { secret } = await createService('caller');
    const callers: Readonly<Record<string, Call>> = {
      'tenant-user': tenant.owner,
      'platform-user': { token: await server.login() },
      user: tenant.owner,
      service: { serviceKey: secret },
    };
    const routes = await routesWithoutBody();
    expect(routes.map(nameOf)).toEqual(
      expect.arrayContaining([
        'POST /v1/auth/logout',
        'POST /v1/tenants/:tenantId/suspend',
        'POST /v1/tenants/:tenantId/services/:serviceId/credentials/:credentialId/discard',
        'POST /v1/tenants/:tenantId/keys/:keyId/restore',
      ]),
    );
    for (const route of routes) {
      const path = pathWith(route.path, (name) => (name === 'tenantId' ? tenant.id : 'x'));
      const caller = route.permission === undefined ? {} : callers[permissionRow(route.permission).audience];
      for (const body of [{ dryRun: true }, [], '"text"', 'true']) {
        const { status, body: problem } = await server.request(route.method, path, body, caller);
        expect([nameOf(route), status, problem['code']]).toEqual([nameOf(route), 400, 'VALIDATION_ERROR']);
      }
    }
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
  });

  it('a body that a call does not declare is rejected whatever its media type, also without one', async () => {
    const { credential } = await createService('typed');
    const forms = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const form = await server.post(`${credential}/discard`, 'dryRun=true', { ...tenant.owner, headers: forms });
    expect(form).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    const untyped = await fetch(`${server.url}${credential}/discard`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tenant.owner.token}` },
      body: Buffer.from('{"dryRun":true}'),
    });
    expect(untyped.status).toBe(415);
    expect((await server.get(credential, tenant.owner)).body['state']).toBe('active');
  });

  it('a body that a call does not declare is accepted where it says nothing: no content, `{}`, `null`', async () => {
    const { credential } = await createService('empty');
    for (const body of [undefined, {}, 'null']) {
      expect((await server.post(`${credential}/discard`, body, tenant.owner)).status).toBe(200);
      expect((await server.post(`${credential}/reactivate`, body, tenant.owner)).status).toBe(200);
    }
  });

  it('a body that a call does not declare is accepted by forward-auth, which gets the requests of other clients', async () => {
    const { secret } = await createService('forwarded');
    const forwarded = await server.post('/v1/forward-auth?any=1', { any: 1 }, { serviceKey: secret });
    expect(forwarded.status).toBe(200);
  });
});

describe('a dry run', () => {
  it.each(['True', 'TRUE', '1', 'yes', '', 'true&dryRun=true', 'true&dryRun=false'])(
    'a dry run is asked for by `dryRun=true` only: `dryRun=%s` is rejected and changes nothing',
    async (value) => {
      const { credential } = await createService(`dry-${Buffer.from(value).toString('hex') || 'empty'}`);
      const refused = await server.post(`${credential}/discard?dryRun=${value}`, undefined, tenant.owner);
      expect(refused).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_ERROR', errors: [{ pointer: 'dryRun', code: 'IS_BOOLEAN' }] },
      });
      expect((await server.get(credential, tenant.owner)).body['state']).toBe('active');
    },
  );

  it('a dry run is not asked for by `dryRun=false`, and `dryrun=true` is rejected as unknown', async () => {
    const { credential } = await createService('spelled');
    expect((await server.post(`${credential}/discard?dryrun=true`, undefined, tenant.owner)).status).toBe(400);
    const done = await server.post(`${credential}/discard?dryRun=false`, undefined, tenant.owner);
    expect(done).toMatchObject({ status: 200, body: { state: 'inactive' } });
  });
});

describe('a query that a call does not read', () => {
  it('a query that a call does not read is rejected before anything is done: a deletion without a dry run deletes nothing', async () => {
    const created = await server.post(`${tenant.path}/services`, { name: 'kept' }, tenant.owner);
    const path = `${tenant.path}/services/${created.body['service']!['id']}`;
    const refused = await server.delete(`${path}?preview=true`, { password: PASSWORD }, tenant.owner);
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: 'preview' }] },
    });
    expect((await server.get(path, tenant.owner)).status).toBe(200);
    const token = await server.login();
    const proof = { password: ADMIN.password, confirm: tenant.slug };
    expect((await server.delete(`${tenant.path}?preview=true`, proof, { token })).status).toBe(400);
    expect((await server.get(tenant.path, tenant.owner)).status).toBe(200);
  });

  it('a query that a call does not read is rejected where a service changes something, too', async () => {
    const { secret } = await createService('renewing');
    const refused = await server.post('/v1/certificates?dryRun=true', { csr: 'x' }, { serviceKey: secret });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'VALIDATION_ERROR', errors: [{ pointer: 'dryRun' }] },
    });
  });

  it('a query that a call does not read does not keep the public from their artefacts', async () => {
    expect((await server.get(`${tenant.path}/.well-known/jwks.json?cache=1`)).status).toBe(200);
  });

  it('a query that a call does not read takes the words of the contract: the size of a key, one audience', async () => {
    const key = await server.post(
      `${tenant.path}/keys`,
      { name: 'sized', algorithm: 'RS256', size: 2048 },
      tenant.owner,
    );
    expect(key).toMatchObject({ status: 201, body: { modulusBits: 2048 } });
    const profile = { name: 'one-audience', format: 'jwt', keyId: key.body['id'], audience: 'https://one.example' };
    const made = await server.post(`${tenant.path}/token-profiles`, profile, tenant.owner);
    expect(made).toMatchObject({ status: 201, body: { audience: ['https://one.example'] } });
  });
});
