import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { DomainError } from '#core';
import { Invitations, permissionRow } from '#tenants';

import { RefusalLog } from '../../../apps/server/src/http/refusal-log.js';
import { admitUser } from '../../support/admission.js';
import { verify } from '../../support/people.js';
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
import { signIn } from '../admin/people.js';
import { createIssuer } from '../signing/issuer.js';
import { type Route, nameOf, pathWith, routesOf } from './routes.js';

const ANY_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
let admin: Call;
/** Every route that names a tenant and asks for a right, of members and of the platform. */
let routes: Route[];

beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'mine');
  other = await createTenant(server, 'theirs');
  admin = { token: await server.login() };
  routes = routesOf(server.server.app).filter(
    ({ path, permission, method }) =>
      method !== 'HEAD' && path.includes(':tenantId') && permission && permissionRow(permission).audience !== 'service',
  );
});
afterAll(() => server.close());

const ask = (route: Route, tenantId: string, call: Call) =>
  server.request(
    route.method,
    pathWith(route.path, (name) => (name === 'tenantId' ? tenantId : ANY_ID)),
    undefined,
    call,
  );

async function eventsOf(path: string, call: Call, actor?: string): Promise<Shape[]> {
  const events: Shape[] = [];
  let cursor: string | null = '';
  do {
    const query: string = `limit=200${actor === undefined ? '' : `&actor=${actor}`}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const { body } = await server.get(`${path}?${query}`, call);
    events.push(...(body['items'] as unknown as Shape[]));
    cursor = body['nextCursor'] as unknown as string | null;
  } while (cursor !== null);
  return events;
}
const ofInstallation = (actor?: string) => eventsOf('/v1/platform/audit-events', admin, actor);
const ofTenant = ({ path, owner }: TestTenant, actor?: string) => eventsOf(`${path}/audit-events`, owner, actor);
const summary = ({ action, details, actor }: Shape) => [action, details?.['code'], details?.['route'], actor?.['name']];
const userIdOf = async (call: Call): Promise<string> => (await server.get('/v1/auth/me', call)).body['user']!['id']!;

describe('a stranger who is refused', () => {
  it.each(['id', 'slug'] as const)(
    'a stranger in a tenant by its %s is recorded in the history of the installation and not in that of the tenant',
    async (member) => {
      const userId = await userIdOf(tenant.owner);
      const [before, known] = [await ofInstallation(userId), await ofTenant(other)];
      for (const route of routes) {
        const answer = await ask(route, other[member], tenant.owner);
        expect([nameOf(route), [403, 404].includes(answer.status)]).toEqual([nameOf(route), true]);
      }
      const recorded = (await ofInstallation(userId)).slice(0, -before.length || undefined);
      expect(recorded.map((event) => event['details']!['route']).toSorted()).toEqual(
        routes.map(({ path }) => path).toSorted(),
      );
      expect(await ofTenant(other)).toEqual(known);
    },
  );

  it.each(['no-such-tenant', ANY_ID, 'UPPER', 'x'.repeat(200)])(
    'a stranger in the tenant %s, which does not exist, is recorded in the history of the installation',
    async (name) => {
      const userId = await userIdOf(tenant.owner);
      for (const method of ['suspend', 'reactivate']) {
        const before = (await ofInstallation(userId)).length;
        expect((await server.post(`/v1/tenants/${name}/${method}`, undefined, tenant.owner)).status).toBe(403);
        const [latest, ...more] = await ofInstallation(userId);
        expect(summary(latest!)).toEqual([
          'request.refused',
          'FORBIDDEN',
          `/v1/tenants/:tenantId/${method}`,
          tenant.owner.email,
        ]);
        expect(more).toHaveLength(before);
      }
    },
  );

  it('the refusal of a user whose membership ends during the request is recorded in the installation', async () => {
    const member = await signIn(server, tenant, 'full_access');
    await verify(server, ADMIN.password, member.userId);
    const token = await server.login('full-access@mine.test', PASSWORD);
    const scope = await admitUser(server, token, tenant, 'members:write');
    await server.delete(`${tenant.path}/members/${member.userId}`, undefined, tenant.owner);
    const known = await ofTenant(tenant, member.userId);
    const { app } = server.server;
    const refused = await app
      .get(Invitations)
      .create(scope, { email: 'new@mine.test', role: 'auditor' })
      .catch((error: unknown) => error as DomainError);
    expect((refused as DomainError).code).toBe('NOT_FOUND');
    // What the filter of the server does with it.
    const principal = {
      kind: 'user' as const,
      userId: member.userId,
      email: 'full-access@mine.test',
      sessionId: ANY_ID,
      platformAdmin: false,
    };
    await app.get(RefusalLog).record(
      {
        principal,
        scope,
        tenant: tenant.id,
        target: tenant.id,
        method: 'POST',
        route: '/v1/tenants/:tenantId/members',
        requestId: 'late',
        sourceAddress: '192.0.2.7',
      },
      refused as DomainError,
    );
    expect(await ofTenant(tenant, member.userId)).toEqual(known);
    expect(summary((await ofInstallation(member.userId))[0]!).slice(0, 2)).toEqual(['request.refused', 'NOT_FOUND']);
  });

  it('the refusal of a platform administrator in a tenant of others is recorded in the installation', async () => {
    const known = await ofTenant(other);
    const adminId = await userIdOf(admin);
    const before = (await ofInstallation(adminId)).length;
    expect((await server.get(`${other.path}/services`, admin)).status).toBe(404);
    expect((await server.post(`${other.path}/reactivate`, undefined, admin)).status).toBe(409);
    expect((await ofInstallation(adminId)).slice(0, -before).map((event) => event['details']!['code'])).toEqual([
      'WRONG_STATE',
      'NOT_FOUND',
    ]);
    expect(await ofTenant(other)).toEqual(known);
  });
});

describe('a member or a service that is refused', () => {
  it('the refusal of a member or service is recorded in the history of its tenant, on routes of members and of the platform', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    const before = await ofInstallation();
    expect((await server.post(`${tenant.path}/services`, { name: 'x' }, auditor)).status).toBe(403);
    expect((await server.post(`/v1/tenants/${tenant.slug}/suspend`, undefined, auditor)).status).toBe(403);
    const recorded = await ofTenant(tenant, auditor.userId);
    expect(recorded.slice(0, 2).map((event) => [event['action'], event['details']!['route']])).toEqual([
      ['request.refused', '/v1/tenants/:tenantId/suspend'],
      ['request.refused', '/v1/tenants/:tenantId/services'],
    ]);
    expect(await ofInstallation()).toEqual(before);
  });

  it('the refusal of a member is recorded in the history of its tenant also while that is suspended', async () => {
    const suspended = await createTenant(server);
    await server.post(`${suspended.path}/suspend`, undefined, admin);
    expect((await server.get(`${suspended.path}/services`, suspended.owner)).body['code']).toBe('TENANT_SUSPENDED');
    await server.post(`${suspended.path}/reactivate`, undefined, admin);
    const events = await ofTenant(suspended, await userIdOf(suspended.owner));
    expect(events.map((event) => event['details']?.['code'])).toContain('TENANT_SUSPENDED');
  });

  it('a refusal is not recorded where the target does not exist', async () => {
    const known = await ofTenant(tenant);
    expect((await server.get(`${tenant.path}/services/${ANY_ID}`, tenant.owner)).status).toBe(404);
    expect(await ofTenant(tenant)).toEqual(known);
  });

  it('the refusal of a service is recorded in its own tenant, whatever it names', async () => {
    const { service } = await createIssuer(server, tenant);
    const known = await ofTenant(other);
    const refused = await server.post('/v1/sign/not-granted', {}, { serviceKey: service.serviceKey });
    expect(refused.status).toBe(404);
    await server.patch(`${tenant.path}/services/${service.id}`, { profiles: [] }, tenant.owner);
    const call = { serviceKey: service.serviceKey };
    expect((await server.post('/v1/sign/anything', {}, call)).body['code']).toBe('PROFILE_NOT_GRANTED');
    expect((await server.get('/v1/auth/token?tenant=theirs', call)).status).toBe(404);
    const events = await ofTenant(tenant, service.id);
    expect(events.map((event) => event['details']!['code'])).toEqual(['PROFILE_NOT_GRANTED']);
    expect(await ofTenant(other)).toEqual(known);
  });
});

it('no refusal of this file was lost', () => {
  expect(server.logs.filter((line) => line.includes('could not be recorded'))).toEqual([]);
});
