import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { permissionRow } from '#tenants';

import {
  type Answer,
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type Route, nameOf, pathWith, routesOf } from './routes.js';
import { type Identifiers, fillTenant, identifierOf } from './sample-tenant.js';

/** What has a dry run by the contract of the API, wherever it is. */
const ACTIONS = /\/(discard|revoke|retire|compromise)$/;
const hasDryRun = ({ method, path, permission }: Route): boolean =>
  permission !== undefined &&
  permissionRow(permission).audience !== 'service' &&
  (method === 'DELETE' || (method === 'POST' && ACTIONS.test(path) && !path.startsWith('/v1/platform')));

/** What an action cannot do without in its body, but for the proof of who asks. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/tenants/:tenantId/certificates/:kid/revoke': { reason: 'superseded' },
};

let server: TestServer;
let tenant: TestTenant;
let identifiers: Identifiers;
let admin: Call;
let routes: Route[];
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'dry');
  ({ identifiers } = await fillTenant(server, tenant));
  admin = { token: await server.login() };
  const { items } = (await server.get('/v1/auth/sessions', tenant.owner)).body;
  identifiers = { ...identifiers, sessionId: items![0]!['id']!, factorId: identifiers['keyId']! };
  routes = routesOf(server.server.app);
});
afterAll(() => server.close());

const isOfTenant = ({ permission }: Route) =>
  permission !== undefined && permissionRow(permission).audience === 'tenant-user';
const pathOf = (route: Route) => pathWith(route.path, (name) => identifiers[identifierOf(route.path, name)] ?? 'none');

function call(route: Route, query: string, body?: object): Promise<Answer> {
  const isOfPlatform = permissionRow(route.permission!).audience === 'platform-user';
  return server.request(route.method, pathOf(route) + query, body, isOfPlatform ? admin : tenant.owner);
}

/** Everything that the owner can read, and the history of the installation. */
async function everything(): Promise<Readonly<Record<string, Shape>>> {
  const read: Record<string, Shape> = {};
  for (const route of routes
    .filter(({ method, path }) => method === 'GET' && !/\*|\/export/.test(path))
    .filter(isOfTenant)) {
    const { body } = await call(route, '');
    // The calendar and the inventory count the time, which goes on.
    if (body['items'] !== undefined || body['id'] !== undefined) read[nameOf(route)] = body;
  }
  read['sessions'] = (await server.get('/v1/auth/sessions', tenant.owner)).body;
  read['tenants'] = (await server.get('/v1/tenants', admin)).body;
  read['platform'] = (await server.get('/v1/platform/audit-events', admin)).body;
  return read;
}

describe('discard, delete, revoke, retire and compromise', () => {
  it('discard, delete, revoke, retire and compromise declare a dry run on every route', async () => {
    const { paths } = (await server.get('/openapi.json')).body;
    const without = routes.filter(hasDryRun).filter(({ method, path }) => {
      const operation = paths![pathWith(path, (name) => `{${name}}`)]![method.toLowerCase()]!;
      return !JSON.stringify(operation['parameters']).includes('"name":"dryRun"');
    });
    expect(without.map(nameOf)).toEqual([]);
    expect(routes.filter(hasDryRun).length).toBeGreaterThan(20);
  });

  it('discard, delete, revoke, retire and compromise say in a dry run whether they are allowed, and change nothing', async () => {
    const before = await everything();
    const answers: Record<string, unknown> = {};
    for (const route of routes.filter(hasDryRun)) {
      const { status, body } = await call(route, '?dryRun=true', BODIES[nameOf(route)]);
      answers[nameOf(route)] = status === 404 ? status : [status, typeof body['allowed'], typeof body['impact']];
    }
    const expected = Object.fromEntries(
      routes.filter(hasDryRun).map((route) => [nameOf(route), [200, 'boolean', 'object']]),
    );
    // No factor and no platform's provider exists here.
    const absent = ['DELETE /v1/auth/factors/:factorId', 'DELETE /v1/platform/identity-providers/:identityProviderId'];
    expect(answers).toEqual({ ...expected, ...Object.fromEntries(absent.map((name) => [name, 404])) });
    expect(await everything()).toEqual(before);
  });

  it('discard, delete, revoke, retire and compromise refuse a dry run that is neither true nor false, and other parameters', async () => {
    for (const route of routes.filter(hasDryRun).filter(({ path }) => !path.includes('factor'))) {
      for (const [query, pointer] of [
        ['dryRun=yes', 'dryRun'],
        ['force=true', 'force'],
      ] as const) {
        const { status, body } = await call(route, `?${query}`, BODIES[nameOf(route)]);
        expect([nameOf(route), status, body['errors']?.[0]?.['pointer']]).toEqual([nameOf(route), 400, pointer]);
      }
    }
  });
});

/** In the history of the tenant, and in that of the installation. */
const TENANT_DELETED = [{ action: 'tenant.deleted' }, { action: 'tenant.deleted' }];

describe('a dry run', () => {
  it('a dry run names the events that the action then records', async () => {
    const named: [string, object?][] = [
      ['DELETE /v1/tenants/:tenantId/webhooks/:webhookId'],
      ['DELETE /v1/tenants/:tenantId/services/:serviceId/trusts/:trustId'],
      ['DELETE /v1/tenants/:tenantId/services/:serviceId/acme-bindings/:acmeBindingId'],
      ['POST /v1/tenants/:tenantId/acme-accounts/:acmeAccountId/revoke'],
      ['DELETE /v1/tenants/:tenantId/api-tokens/:apiTokenId'],
      ['DELETE /v1/tenants/:tenantId/service-accounts/:serviceAccountId'],
      ['DELETE /v1/tenants/:tenantId/invitations/:invitationId'],
      ['DELETE /v1/tenants/:tenantId/identity-providers/:identityProviderId', { password: PASSWORD }],
    ];
    for (const [name, body] of named) {
      const route = routes.find((known) => nameOf(known) === name)!;
      const foreseen = (await call(route, '?dryRun=true')).body;
      expect([name, foreseen['allowed'], foreseen['impact']!['events']![1]]).toEqual([name, true, undefined]);
      const done = await call(route, '', body);
      expect([name, done.status]).toEqual([name, name.startsWith('POST') ? 200 : 204]);
      const requestId = done.headers.get('x-request-id');
      const { items } = (await server.get(`${tenant.path}/audit-events?requestId=${requestId}`, tenant.owner)).body;
      const recorded = (items as unknown as Shape[]).map((event) => ({
        action: event['action'],
        targetType: event['target']!['type'],
        targetId: event['target']!['id'],
      }));
      expect([name, foreseen['impact']!['events']]).toEqual([name, recorded]);
    }
  });

  it('a dry run that would be rejected says so with the code, and nothing is recorded', async () => {
    const path = `${tenant.path}/invitations/${identifiers['invitationId']}`;
    expect(await server.delete(`${path}?dryRun=true`, undefined, tenant.owner)).toMatchObject({
      status: 200,
      body: { allowed: false, code: 'WRONG_STATE', impact: { events: [] } },
    });
    expect((await server.delete(path, undefined, tenant.owner)).body).toMatchObject({ code: 'WRONG_STATE' });
  });

  it('a dry run needs the right to the action, an existing target and the version that was seen', async () => {
    const webhook = { name: 'dry', url: 'https://localhost/', actions: ['key.*'] };
    const created = await server.post(`${tenant.path}/webhooks`, webhook, tenant.owner);
    const path = `${tenant.path}/webhooks/${created.body['webhook']!['id']}`;
    const attempt = async (target: string, credentials: Call) => {
      const { status, body } = await server.delete(`${target}?dryRun=true`, undefined, credentials);
      return [status, body['code']];
    };
    const stale = { ...tenant.owner, headers: { 'If-Match': '"9"' } };
    expect(await attempt(path, {})).toEqual([401, 'CREDENTIALS_REQUIRED']);
    expect(await attempt(path, admin)).toEqual([404, 'NOT_FOUND']);
    expect(await attempt(path, stale)).toEqual([412, 'PRECONDITION_FAILED']);
    expect(await attempt(`${tenant.path}/webhooks/${identifiers['keyId']}`, tenant.owner)).toEqual([404, 'NOT_FOUND']);
    expect(await attempt(tenant.path, tenant.owner)).toEqual([403, 'FORBIDDEN']);
    expect((await server.get(path, tenant.owner)).status).toBe(200);
  });

  it('a dry run of deleting a tenant takes no password and no confirmation, and refuses a wrong one', async () => {
    const attempt = async (body?: object) => (await server.delete(`${tenant.path}?dryRun=true`, body, admin)).body;
    expect(await attempt()).toMatchObject({ allowed: true, impact: { events: TENANT_DELETED } });
    expect(await attempt({ confirm: 'dry' })).toMatchObject({ allowed: true });
    expect(await attempt({ confirm: 'wet' })).toMatchObject({ allowed: false, code: 'CONFIRMATION_MISMATCH' });
    const absent = await server.delete(tenant.path, { password: PASSWORD }, admin);
    expect(absent).toMatchObject({ status: 400, body: { errors: [{ pointer: '/confirm', code: 'REQUIRED' }] } });
    expect((await server.get(tenant.path, tenant.owner)).body).toMatchObject({ state: 'active' });
  });

  it('a dry run with an idempotency key leaves the key to the action itself', async () => {
    const account = `${tenant.path}/acme-accounts/${identifiers['acmeAccountId']}/revoke`;
    const keyed = { ...tenant.owner, headers: { 'Idempotency-Key': 'dry-run' } };
    expect((await server.post(`${account}?dryRun=true`, undefined, keyed)).body).toMatchObject({ allowed: true });
    expect((await server.post(account, undefined, keyed)).body).toMatchObject({ state: 'revoked' });
  });
});
