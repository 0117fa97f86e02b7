import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Checkpoints } from '#audit';
import { type Permission, type Role, permissionRow, roles, tokenPermissions } from '#tenants';

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
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { declaredAnswersOf } from '../../support/declared-answers.js';
import { createApiToken, createServiceAccount, joinTenant } from '../../support/people.js';
import { whileStatementFails } from '../../support/failing-statement.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { signIn } from '../admin/people.js';
import { dumpDatabase } from './database-dump.js';
import { type Route, nameOf, pathWith, routesOf } from './routes.js';
import { type Identifiers, fillTenant, identifierOf } from './sample-tenant.js';

const SERVICE = '/v1/tenants/:tenantId/services/:serviceId';
const CREDENTIAL = `${SERVICE}/credentials/:credentialId`;
const AUTHORITIES = '/v1/tenants/:tenantId/certificate-authorities';
const CERTIFICATES = '/v1/tenants/:tenantId/certificates';
const KEY = '/v1/tenants/:tenantId/keys/:keyId';
const WEBHOOKS = '/v1/tenants/:tenantId/webhooks';
const WEBHOOK = `${WEBHOOKS}/:webhookId`;
const PROVIDERS = '/v1/tenants/:tenantId/identity-providers';
const PROVIDER = `${PROVIDERS}/:identityProviderId`;
const PLATFORM_PROVIDERS = '/v1/platform/identity-providers';
const PLATFORM_PROVIDER = `${PLATFORM_PROVIDERS}/:identityProviderId`;
const ANY_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

const NEW_TOKEN = { name: 'new', permissions: ['tenant:read'], expiresAt: '2026-06-01T00:00:00Z', password: PASSWORD };

const NEW_PROVIDER = {
  name: 'new',
  issuer: 'https://login.example.com',
  clientId: 'chancery',
  emailDomains: ['mine.test'],
  password: PASSWORD,
};

const ACME_ACCOUNTS = '/v1/tenants/:tenantId/acme-accounts';
const ROTATIONS = '/v1/tenants/:tenantId/credential-rotations';

/** A body that each route accepts, so that an identifier is all that can be wrong; `null` where it takes none. */
const BODIES: Readonly<Record<string, object | null>> = {
  'POST /v1/tenants': { slug: 'new', name: 'New', owner: { email: 'o@new.test', name: 'O', password: PASSWORD } },
  'GET /v1/tenants': null,
  'GET /v1/platform/scheduler': null,
  'POST /v1/platform/scheduler/confirm': { password: PASSWORD },
  'GET /v1/platform/audit-events': null,
  'GET /v1/platform/audit-events/density': null,
  'GET /v1/platform/audit-events/export': null,
  'GET /v1/platform/audit-events/checkpoint': null,
  'GET /v1/platform/audit-events/:sequence': null,
  'GET /v1/platform/audit-events/:sequence/proof': null,
  'POST /v1/platform/history/keys/rotate': { password: PASSWORD },
  'POST /v1/platform/history/keys/compromise': { password: PASSWORD, number: 1 },
  'GET /v1/platform/history/months': null,
  'POST /v1/platform/history/months/:month/erase': {},
  'GET /v1/history/checkpoint': null,
  'GET /v1/history/tile/*': null,
  'GET /v1/platform/history/checkpoint': null,
  'GET /v1/platform/history/tile/*': null,
  'GET /v1/tenants/:tenantId': null,
  'PATCH /v1/tenants/:tenantId': { name: 'Renamed' },
  'POST /v1/tenants/:tenantId/suspend': null,
  'POST /v1/tenants/:tenantId/reactivate': null,
  'DELETE /v1/tenants/:tenantId': { password: PASSWORD, confirm: 'mine' },
  'POST /v1/tenants/:tenantId/owner-invitation': { email: 'new@mine.test' },
  'GET /v1/users': null,
  'POST /v1/users/:userId/reset': { password: PASSWORD },
  'POST /v1/users/:userId/verification': { password: PASSWORD },
  'DELETE /v1/users/:userId/factors': { password: PASSWORD },
  'POST /v1/tenants/:tenantId/members': { email: 'new@mine.test', role: 'auditor' },
  'POST /v1/tenants/:tenantId/members/:userId/reset': { password: PASSWORD },
  'DELETE /v1/tenants/:tenantId/members/:userId/sessions': null,
  'DELETE /v1/tenants/:tenantId/members/:userId/factors': { password: PASSWORD },
  'GET /v1/tenants/:tenantId/invitations': null,
  'POST /v1/tenants/:tenantId/invitations/:invitationId/resend': null,
  'DELETE /v1/tenants/:tenantId/invitations/:invitationId': null,
  'GET /v1/tenants/:tenantId/members': null,
  'PATCH /v1/tenants/:tenantId/members/:userId': { role: 'auditor' },
  'DELETE /v1/tenants/:tenantId/members/:userId': null,
  'GET /v1/tenants/:tenantId/api-tokens': null,
  'POST /v1/tenants/:tenantId/api-tokens': NEW_TOKEN,
  'DELETE /v1/tenants/:tenantId/api-tokens/:apiTokenId': null,
  'GET /v1/tenants/:tenantId/service-accounts': null,
  'POST /v1/tenants/:tenantId/service-accounts': { name: 'new', role: 'auditor' },
  'DELETE /v1/tenants/:tenantId/service-accounts/:serviceAccountId': null,
  'POST /v1/tenants/:tenantId/service-accounts/:serviceAccountId/api-tokens': NEW_TOKEN,
  'POST /v1/tenants/:tenantId/services': { name: 'new' },
  'GET /v1/tenants/:tenantId/services': null,
  [`GET ${SERVICE}`]: null,
  [`PATCH ${SERVICE}`]: { description: 'changed' },
  [`DELETE ${SERVICE}`]: { password: PASSWORD },
  [`GET ${SERVICE}/credentials`]: null,
  [`POST ${SERVICE}/credentials`]: { authType: 'jwt' },
  [`GET ${CREDENTIAL}`]: null,
  [`PATCH ${CREDENTIAL}`]: { name: 'changed' },
  [`POST ${CREDENTIAL}/reveal`]: null,
  [`POST ${CREDENTIAL}/discard`]: null,
  [`POST ${CREDENTIAL}/reactivate`]: null,
  [`POST ${CREDENTIAL}/regenerate`]: {},
  [`POST ${CREDENTIAL}/compromise`]: {},
  [`DELETE ${CREDENTIAL}`]: { password: PASSWORD },
  [`POST ${SERVICE}/trusts`]: {
    name: 'new',
    issuer: 'https://issuer.example.com',
    audience: 'https://chancery.test',
    subject: 'workload',
  },
  [`POST ${SERVICE}/trusts/try`]: { token: 'e30.e30.AA' },
  [`GET ${SERVICE}/trusts`]: null,
  [`GET ${SERVICE}/trusts/:trustId`]: null,
  [`DELETE ${SERVICE}/trusts/:trustId`]: null,
  [`POST ${SERVICE}/acme-bindings`]: {},
  [`GET ${SERVICE}/acme-bindings`]: null,
  [`DELETE ${SERVICE}/acme-bindings/:acmeBindingId`]: null,
  [`GET ${ACME_ACCOUNTS}`]: null,
  [`GET ${ACME_ACCOUNTS}/:acmeAccountId`]: null,
  [`POST ${ACME_ACCOUNTS}/:acmeAccountId/revoke`]: null,
  [`GET ${ACME_ACCOUNTS}/:acmeAccountId/orders`]: null,
  'GET /v1/tenants/:tenantId/credentials': null,
  'GET /v1/tenants/:tenantId/credentials/export': null,
  'POST /v1/tenants/:tenantId/credentials:rotate': { filter: {} },
  [`GET ${ROTATIONS}`]: null,
  [`GET ${ROTATIONS}/:rotationId`]: null,
  [`GET ${ROTATIONS}/:rotationId/items`]: null,
  [`POST ${ROTATIONS}/:rotationId/cancel`]: null,
  'POST /v1/tenants/:tenantId/leaks': { secret: 'anything' },
  'POST /v1/tenants/:tenantId/keys': { name: 'new', algorithm: 'ES256' },
  'GET /v1/tenants/:tenantId/keys': null,
  'GET /v1/tenants/:tenantId/key-stores': null,
  [`GET ${KEY}`]: null,
  [`PATCH ${KEY}`]: { name: 'renamed' },
  [`DELETE ${KEY}`]: { password: PASSWORD },
  [`POST ${KEY}/restore`]: null,
  [`POST ${KEY}/rotate`]: {},
  [`POST ${KEY}/csr`]: { subject: { commonName: 'Mine' } },
  [`POST ${KEY}/certificate`]: { certificate: 'anything', kid: 'anything' },
  [`GET ${KEY}/certificates`]: null,
  [`GET ${KEY}/versions/:kid/public`]: null,
  [`POST ${KEY}/versions/:kid/retire`]: null,
  [`POST ${KEY}/versions/:kid/compromise`]: {},
  [`POST ${KEY}/versions/:kid/export`]: { format: 'pem', password: PASSWORD, passphrase: PASSWORD },
  [`GET ${KEY}/users`]: null,
  'POST /v1/tenants/:tenantId/keys/import': { name: 'new', algorithm: 'HS256', format: 'secret', data: 'k'.repeat(40) },
  [`POST ${AUTHORITIES}`]: { name: 'new', subject: { commonName: 'New' } },
  [`GET ${AUTHORITIES}`]: null,
  [`GET ${AUTHORITIES}/:caId`]: null,
  [`GET ${AUTHORITIES}/:caId/chain`]: null,
  [`GET ${AUTHORITIES}/:caId/status`]: null,
  [`PATCH ${AUTHORITIES}/:caId`]: { contacts: ['ops@mine.test'] },
  [`POST ${AUTHORITIES}/:caId/revoke`]: {},
  [`POST ${AUTHORITIES}/:caId/certificate`]: { certificatePem: 'anything' },
  [`DELETE ${AUTHORITIES}/:caId`]: null,
  [`POST ${CERTIFICATES}`]: { csr: 'anything' },
  [`GET ${CERTIFICATES}`]: null,
  [`GET ${CERTIFICATES}/export`]: null,
  [`GET ${CERTIFICATES}/:kid`]: null,
  [`PATCH ${CERTIFICATES}/:kid`]: { contacts: ['ops@mine.test'] },
  [`GET ${CERTIFICATES}/:kid/certificate`]: null,
  [`POST ${CERTIFICATES}/:kid/renew`]: {},
  [`POST ${CERTIFICATES}/:kid/revoke`]: { reason: 'superseded' },
  [`POST ${CERTIFICATES}/:kid/hold`]: null,
  [`POST ${CERTIFICATES}/:kid/release`]: null,
  [`POST ${CERTIFICATES}/:kid/pkcs12`]: { keyId: ANY_ID, passphrase: PASSWORD },
  'POST /v1/tenants/:tenantId/token-profiles': { name: 'new', format: 'jwt', keyId: ANY_ID },
  'GET /v1/tenants/:tenantId/token-profiles': null,
  'GET /v1/tenants/:tenantId/token-profiles/:name': null,
  'PATCH /v1/tenants/:tenantId/token-profiles/:name': { ttlSeconds: 30 },
  'DELETE /v1/tenants/:tenantId/token-profiles/:name': null,
  'PUT /v1/tenants/:tenantId/token-profiles/:name/system-user-token': { systemUserToken: 'Name' },
  'DELETE /v1/tenants/:tenantId/token-profiles/:name/system-user-token': null,
  'GET /v1/tenants/:tenantId/transactions': null,
  'GET /v1/tenants/:tenantId/licenses': null,
  'GET /v1/tenants/:tenantId/licenses/:licenseId': null,
  'GET /v1/tenants/:tenantId/licenses/:licenseId/revisions': null,
  'GET /v1/tenants/:tenantId/expirations': null,
  'GET /v1/tenants/:tenantId/expirations.ics': null,
  'GET /v1/tenants/:tenantId/as-of': null,
  'GET /v1/tenants/:tenantId/as-of/signers': null,
  'GET /v1/tenants/:tenantId/audit-events': null,
  'GET /v1/tenants/:tenantId/audit-events/density': null,
  'GET /v1/tenants/:tenantId/audit-events/export': null,
  'GET /v1/tenants/:tenantId/audit-events/checkpoint': null,
  'GET /v1/tenants/:tenantId/audit-events/proofs/inclusion': null,
  'GET /v1/tenants/:tenantId/audit-events/proofs/consistency': null,
  'GET /v1/tenants/:tenantId/audit-events/:sequence': null,
  'GET /v1/tenants/:tenantId/audit-events/:sequence/proof': null,
  [`POST ${PROVIDERS}`]: NEW_PROVIDER,
  [`GET ${PROVIDERS}`]: null,
  [`GET ${PROVIDER}`]: null,
  [`PATCH ${PROVIDER}`]: { name: 'renamed', password: PASSWORD },
  [`DELETE ${PROVIDER}`]: { password: PASSWORD },
  [`POST ${PROVIDER}/test`]: null,
  [`POST ${PLATFORM_PROVIDERS}`]: NEW_PROVIDER,
  [`GET ${PLATFORM_PROVIDERS}`]: null,
  [`GET ${PLATFORM_PROVIDER}`]: null,
  [`PATCH ${PLATFORM_PROVIDER}`]: { name: 'renamed', password: PASSWORD },
  [`DELETE ${PLATFORM_PROVIDER}`]: { password: PASSWORD },
  [`POST ${PLATFORM_PROVIDER}/test`]: null,
  [`POST ${WEBHOOKS}`]: { url: 'https://receiver.test/', actions: ['key.*'] },
  [`GET ${WEBHOOKS}`]: null,
  [`GET ${WEBHOOK}`]: null,
  [`PATCH ${WEBHOOK}`]: { actions: ['*'] },
  [`DELETE ${WEBHOOK}`]: null,
  [`POST ${WEBHOOK}/disable`]: null,
  [`POST ${WEBHOOK}/enable`]: null,
  [`POST ${WEBHOOK}/rotate-secret`]: {},
  [`GET ${WEBHOOK}/deliveries`]: null,
  [`POST ${WEBHOOK}/deliveries/:deliveryId/redeliver`]: null,
  'GET /v1/tenants/:tenantId/history/months': null,
  'POST /v1/tenants/:tenantId/history/months/:month/erase': {},
  'GET /v1/tenants/:tenantId/history/checkpoint': null,
  'GET /v1/tenants/:tenantId/history/tile/*': null,
  'GET /v1/tenants/:tenantId/history/platform-proof': null,
  'GET /v1/tenants/:tenantId/history/platform-consistency': null,
};

/** What a route cannot do without in its query. */
const QUERIES: Readonly<Record<string, string>> = {
  'GET /v1/tenants/:tenantId/as-of/signers': '?profile=partner-api',
  'GET /v1/tenants/:tenantId/audit-events/proofs/inclusion': '?sequence=0',
  'GET /v1/tenants/:tenantId/audit-events/proofs/consistency': '?from=1',
  'GET /v1/tenants/:tenantId/history/platform-consistency': '?from=1',
};
/** What every history has. */
const TILE = '0/000.p/1';

const NOT_FOUND = { status: 404, code: 'NOT_FOUND' };
const FORBIDDEN = { status: 403, code: 'FORBIDDEN' };
const CREDENTIALS_REQUIRED = { status: 401, code: 'CREDENTIALS_REQUIRED' };

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
let mine: Identifiers;
let theirs: Identifiers;
let serviceKey: string;
let routes: Route[];

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database });
  tenant = await createTenant(server, 'mine');
  other = await createTenant(server, 'theirs');
  ({ identifiers: theirs } = await fillTenant(server, other));
  ({ identifiers: mine, serviceKey } = await fillTenant(server, tenant));
  await server.server.app.get(Checkpoints).publishDue();
  routes = routesOf(server.server.app);
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const audienceOf = ({ permission }: Route) =>
  permission === undefined ? 'public' : permissionRow(permission).audience;
const ofTenants = () => routes.filter((route) => audienceOf(route) === 'tenant-user');
const ofPlatform = () => routes.filter((route) => audienceOf(route) === 'platform-user');
const parametersOf = (route: Route): string[] =>
  [...route.path.matchAll(/(?<!:):(\w+)/g)].map(([, name]) => identifierOf(route.path, name!));

function call(route: Route, identifiers: Identifiers, credentials: Call): Promise<Answer> {
  const named = pathWith(route.path, (name) => identifiers[identifierOf(route.path, name)]!);
  const path = named.replace('*', TILE) + (QUERIES[nameOf(route)] ?? '');
  return server.request(route.method, path, BODIES[nameOf(route)] ?? undefined, credentials);
}

/** Calls each route and says what came back, by its name. */
async function answers(asked: Route[], identifiers: Identifiers, credentials: Call) {
  const given: Record<string, { status: number; code: string | undefined }> = {};
  for (const route of asked) {
    const { status, body } = await call(route, identifiers, credentials);
    given[nameOf(route)] = { status, code: body['code'] };
  }
  return given;
}

const all = (asked: Route[], answer: object) => Object.fromEntries(asked.map((route) => [nameOf(route), answer]));

describe('the samples', () => {
  it('the samples of isolation have a row for every route of tenants and of the platform, and a value for every parameter', () => {
    const asked = [...ofTenants(), ...ofPlatform()];
    expect(Object.keys(BODIES).toSorted()).toEqual(asked.map(nameOf).toSorted());
    for (const name of asked.flatMap(parametersOf)) expect([name, mine[name], theirs[name]]).not.toContain(undefined);
    expect(Object.keys(mine).filter((name) => mine[name] === theirs[name])).toEqual([]);
  });

  it('the samples of isolation name things that exist', async () => {
    const reading = ofTenants().filter(({ method }) => method === 'GET');
    for (const route of reading) {
      expect([nameOf(route), (await call(route, mine, tenant.owner)).status]).toEqual([nameOf(route), 200]);
      expect([nameOf(route), (await call(route, theirs, other.owner)).status]).toEqual([nameOf(route), 200]);
    }
  });
});

describe('the histories', () => {
  it('the histories hold no e-mail address and no address of a client but under the key of their month', async () => {
    const filter = { owner: 'lead@people.test' };
    await server.patch(`${tenant.path}/services/${mine['serviceId']}`, { contacts: [filter.owner] }, tenant.owner);
    const rotation = await server.post(`${tenant.path}/credentials:rotate`, { filter }, tenant.owner);
    expect(rotation.body).toMatchObject({ filter });
    const plain = await openPlainDataSource(database.url);
    const rows: { canonical: string }[] = await plain.query('SELECT * FROM audit_events');
    await plain.destroy();
    const personal = rows.map((row) => JSON.stringify(row)).filter((text) => /@\w+\.test|127\.0\.0\.1/.test(text));
    expect(personal).toEqual([]);
    expect(rows.length).toBeGreaterThan(50);
  });
});

describe('without a credential', () => {
  it('without a credential only public routes answer', async () => {
    const closed = routes.filter(({ method, permission }) => permission !== undefined && method !== 'HEAD');
    expect(await answers(closed, { ...mine, profile: mine['name']! }, {})).toEqual(all(closed, CREDENTIALS_REQUIRED));
  });

  it('with a credential of the other kind only public routes answer', async () => {
    const forServices = routes.filter((route) => audienceOf(route) === 'service' && route.method !== 'HEAD');
    const refused = { status: 401, code: 'INVALID_CREDENTIALS' };
    expect(await answers(forServices, { profile: mine['name']! }, tenant.owner)).toEqual(all(forServices, refused));
    expect(await answers(ofTenants(), mine, { serviceKey })).toEqual(all(ofTenants(), CREDENTIALS_REQUIRED));
    expect(await answers(ofTenants(), mine, { token: serviceKey, serviceKey })).toEqual(all(ofTenants(), refused));
  });
});

describe('another tenant', () => {
  it.each(['id', 'slug'] as const)('another tenant does not exist for the owner of this one, by %s', async (member) => {
    const identifiers = { ...theirs, tenantId: other[member] };
    expect(await answers(ofTenants(), identifiers, tenant.owner)).toEqual(all(ofTenants(), NOT_FOUND));
  });

  it('another tenant answers as one that never existed', async () => {
    const seen = async (tenantId: string) => {
      const { body, headers } = await call(ofTenants()[0]!, { ...theirs, tenantId }, tenant.owner);
      return { ...body, instance: '', requestId: '', type: headers.get('content-type') };
    };
    expect(await seen(other.id)).toEqual(await seen(ANY_ID));
  });

  it('another tenant keeps its things to itself, each in turn under the name of this one', async () => {
    const tried: string[] = [];
    for (const route of ofTenants()) {
      for (const name of parametersOf(route).filter((parameter) => parameter !== 'tenantId')) {
        const { status, body } = await call(route, { ...mine, [name]: theirs[name]! }, tenant.owner);
        expect([nameOf(route), name, { status, code: body['code'] }]).toEqual([nameOf(route), name, NOT_FOUND]);
        tried.push(name);
      }
    }
    expect(new Set(tried)).toEqual(new Set(Object.keys(mine).filter((name) => name !== 'tenantId')));
  });

  it('another tenant was not changed by any of this', async () => {
    for (const route of ofTenants().filter(({ method }) => method === 'GET')) {
      expect((await call(route, theirs, other.owner)).status).toBe(200);
    }
    const { items } = (await server.get(`${other.path}/audit-events?limit=200`, other.owner)).body;
    const actors = (items as unknown as Shape[]).map(({ actor }) => actor!['name']);
    expect(actors).not.toContain(tenant.owner.email);
  });
});

describe('a role', () => {
  it.each(roles)('the role %s may do no more than the table says', async (role) => {
    const member = role === 'owner' ? tenant.owner : await signIn(server, tenant, role);
    const beyond = ofTenants().filter(({ permission }) => !permissionRow(permission!).roles.includes(role));
    expect(await answers(beyond, mine, member)).toEqual(all(beyond, FORBIDDEN));
    expect(beyond.length > 0).toBe(role !== 'owner');
  });

  it('a role in a tenant gives no permission on the platform', async () => {
    expect(await answers(ofPlatform(), mine, tenant.owner)).toEqual(all(ofPlatform(), FORBIDDEN));
  });

  it('a role on the platform gives no permission in a tenant, but to read what the tenant is', async () => {
    const admin = { token: await server.login() };
    const closed = ofTenants().filter(({ permission }) => !permissionRow(permission!).platformAdmin);
    expect(await answers(closed, mine, admin)).toEqual(all(closed, NOT_FOUND));
    expect(
      ofTenants()
        .filter((route) => !closed.includes(route))
        .map(nameOf),
    ).toEqual(['GET /v1/tenants/:tenantId']);
  });
});

describe('an API token', () => {
  const held = (role: Role) => tokenPermissions.filter((name) => permissionRow(name).roles.includes(role));

  /** Tokens with everything that the role permits: of a member, and of a service account. */
  async function tokensOf(role: Role): Promise<Readonly<Record<string, Call>>> {
    const email = `token-${role.replace('_', '-')}@mine.test`;
    await joinTenant(server, tenant, { email, role });
    const call = { token: await server.login(email, PASSWORD) };
    const serviceAccountId = await createServiceAccount(server, tenant, role);
    return {
      member: await createApiToken(server, tenant, held(role), { call }),
      account: await createApiToken(server, tenant, held(role), { serviceAccountId }),
    };
  }

  it.each(roles)(
    'an API token with every permission that the role %s can give may do that and no more',
    async (role) => {
      const beyond = ofTenants().filter(({ permission }) => !held(role).includes(permission!));
      const reading = ofTenants().filter((route) => route.method === 'GET' && !beyond.includes(route));
      for (const [owner, call] of Object.entries(await tokensOf(role))) {
        expect([owner, await answers(beyond, mine, call)]).toEqual([owner, all(beyond, FORBIDDEN)]);
        const open = await answers(reading, mine, call);
        expect([owner, open]).toEqual([owner, all(reading, { status: 200, code: undefined })]);
        const theirTenant = { ...theirs, tenantId: other.id };
        expect(await answers(ofTenants(), theirTenant, call)).toEqual(all(ofTenants(), NOT_FOUND));
      }
    },
  );

  it.each<Permission>(['keys:read', 'tenant:read'])(
    'an API token with the permission %s has no other',
    async (held) => {
      const call = await createApiToken(server, tenant, [held]);
      const beyond = ofTenants().filter(({ permission }) => permission !== held);
      expect(await answers(beyond, mine, call)).toEqual(all(beyond, FORBIDDEN));
      expect(beyond.length).toBeLessThan(ofTenants().length);
    },
  );

  it('an API token gives no permission on the platform, none over an account, and is no credential of a service', async () => {
    const call = await createApiToken(server, tenant, held('owner'));
    expect(await answers(ofPlatform(), mine, call)).toEqual(all(ofPlatform(), FORBIDDEN));
    const ofAccounts = routes.filter((route) => audienceOf(route) === 'user' && route.method !== 'HEAD');
    expect(ofAccounts.length).toBeGreaterThan(3);
    const declared = await declaredAnswersOf(server.server.app);
    for (const route of ofAccounts) {
      const path = pathWith(route.path, () => ANY_ID);
      const answer = await server.request(route.method, path, route.method === 'POST' ? {} : undefined, call);
      expect([nameOf(route), answer.status]).toEqual([nameOf(route), 403]);
      declared.require(route.method, path, { ...answer, header: (name) => answer.headers.get(name) });
    }
    const forServices = routes.filter((route) => audienceOf(route) === 'service' && route.method !== 'HEAD');
    const refused = { status: 401, code: 'INVALID_CREDENTIALS' };
    expect(await answers(forServices, { profile: mine['name']! }, call)).toEqual(all(forServices, refused));
  });
});

describe('a history that cannot be written', () => {
  /** What services ask for: releases and acceptances. */
  const requestsOf = (profile: string): readonly [path: string, body: object][] => [
    [`/v1/sign/${profile}`, { subject: 'unwritten' }],
    [`/v1/sign/${profile}/batch`, { items: [{ subject: 'unwritten' }] }],
    ['/v1/verify', { profile, token: 'a.b.c' }],
  ];
  /** What is answered 200, because it has nothing to change here, or never changes anything. */
  const WITHOUT_CHANGE = [`POST ${CERTIFICATES}/:kid/release`, `POST ${SERVICE}/trusts/try`, `POST ${WEBHOOK}/enable`];

  it('while no event can be written no route changes, releases or accepts anything, and services are served again afterwards', async () => {
    const asked = requestsOf(mine['name']!);
    const asService = async ([path, body]: readonly [string, object]) => {
      const answer = await server.post(path, body, { serviceKey });
      return { status: answer.status, code: answer.body['code'] };
    };
    const before = await dumpDatabase(database.url);
    const statement = { event: 'INSERT ON audit_events', condition: '1 = 1' };
    const { changes, requests } = await whileStatementFails(database.url, statement, async () => ({
      changes: await answers(
        ofTenants().filter(({ method }) => method !== 'GET'),
        mine,
        tenant.owner,
      ),
      requests: await Promise.all(asked.map(asService)),
    }));
    const after = await dumpDatabase(database.url);
    // A key of the installation is made at its first use, and belongs to no tenant.
    const tables = Object.keys(before).filter((table) => table !== 'installation_secrets');
    expect(tables.filter((table) => !isDeepStrictEqual(after[table], before[table]))).toEqual([]);
    expect(requests).toEqual(asked.map(() => ({ status: 503, code: 'AUDIT_UNAVAILABLE' })));
    const named = (wanted: (answer: { status: number; code: string | undefined }) => boolean) =>
      Object.keys(changes).filter((name) => wanted(changes[name]!));
    expect(named(({ status }) => status < 400).toSorted()).toEqual(WITHOUT_CHANGE.toSorted());
    expect(named(({ status, code }) => status >= 500 && code !== 'AUDIT_UNAVAILABLE')).toEqual([]);
    // The others are rejected by a rule, as they are while events can be written.
    expect(named(({ code }) => code === 'AUDIT_UNAVAILABLE').length).toBeGreaterThan(50);
    for (const request of asked) expect(await asService(request)).toMatchObject({ status: 200 });
  });
});
