// Finding one thing, or those that need work, among very many.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR } from '#core';
import { CredentialUsage } from '#service-keys';
import { KeyUsage } from '#signing';

import { createApiToken, createServiceAccount } from '../../support/people.js';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, issue } from '../certificates/pki.js';
import { createIssuer, createKey, createProfile, createService } from '../signing/issuer.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const newTenant = (): Promise<TestTenant> => createTenant(server);

/** The owner, in a session that has not expired. */
const ownerOf = async ({ owner }: TestTenant) => ({
  token: await server.login(owner.email, PASSWORD),
});

async function list(tenant: TestTenant, path: string): Promise<readonly Shape[]> {
  const answer = await server.get(`${tenant.path}/${path}`, await ownerOf(tenant));
  if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
  return answer.body['items'] as unknown as Shape[];
}

const names = async (tenant: TestTenant, path: string): Promise<string[]> =>
  (await list(tenant, path)).map(({ name }) => name!).toSorted();

const flushUsage = async (): Promise<void> => {
  for (const usage of [CredentialUsage, KeyUsage])
    await server.server.app.get<CredentialUsage | KeyUsage>(usage).flush();
};

const instant = (milliseconds: number): string => encodeURIComponent(new Date(milliseconds).toISOString());

/** A list, and how the test makes something for it. */
const NAMED: readonly (readonly [list: string, create: (tenant: TestTenant) => Promise<unknown>])[] = [
  ['services', (tenant) => createService(server, tenant)],
  ['credentials', (tenant) => createNamedCredential(tenant)],
  ['keys', (tenant) => createKey(server, tenant, 'ES256')],
  ['certificate-authorities', (tenant) => createAuthority(server, tenant)],
  ['api-tokens', (tenant) => createApiToken(server, tenant, ['keys:read'])],
  ['service-accounts', (tenant) => createServiceAccount(server, tenant, 'auditor')],
  [
    'token-profiles',
    async (tenant) => createProfile(server, tenant, { keyId: (await createKey(server, tenant, 'ES256')).keyId }),
  ],
  ['webhooks', (tenant) => createNamed('webhooks', { url: 'https://example.com', actions: ['*'] })(tenant)],
  [
    'identity-providers',
    (tenant) => {
      const client = { issuer: 'https://login.example.com', clientId: 'chancery', password: PASSWORD };
      return createNamed('identity-providers', client)(tenant);
    },
  ],
];

let made = 0;

/** Makes something that only its name tells apart. */
const createNamed =
  (path: string, body: object) =>
  async (tenant: TestTenant): Promise<void> => {
    const created = await server.post(`${tenant.path}/${path}`, { name: `named ${++made}`, ...body }, tenant.owner);
    expect(created.status).toBe(201);
  };

async function createNamedCredential(tenant: TestTenant): Promise<void> {
  const { id } = await createService(server, tenant);
  const body = { authType: 'jwt', name: `of ${id}` };
  const created = await server.post(`${tenant.path}/services/${id}/credentials`, body, tenant.owner);
  expect(created.status).toBe(201);
}

describe('looking things up by name', () => {
  it.each(NAMED)('%s are found by their exact name, and by no part of it', async (path, create) => {
    const tenant = await newTenant();
    await create(tenant);
    await create(tenant);
    const found = (await list(tenant, path)).map(({ name }) => name).filter((name) => name !== null);
    const name: string = found.at(-1)!;
    const expected = found.filter((other) => other === name);
    expect(await names(tenant, `${path}?name=${encodeURIComponent(name)}`)).toEqual(expected);
    expect(await names(tenant, `${path}?name=${encodeURIComponent(name.slice(0, -1))}`)).toEqual([]);
  });

  it('trusts of a service are found by their exact name, and a webhook by the name that it was given later', async () => {
    const tenant = await newTenant();
    const { id } = await createService(server, tenant);
    const trusts = `services/${id}/trusts`;
    const rules = { issuer: 'https://login.example.com', audience: 'https://chancery.test', subject: 'job' };
    for (let trust = 0; trust < 2; trust += 1) await createNamed(trusts, rules)(tenant);
    const [{ name }] = (await list(tenant, trusts)) as [Shape];
    expect(await names(tenant, `${trusts}?name=${encodeURIComponent(name!)}`)).toEqual([name]);
    const unnamed = { url: 'https://example.com', actions: ['*'] };
    const { body } = await server.post(`${tenant.path}/webhooks`, unnamed, tenant.owner);
    expect(body['webhook']).toMatchObject({ name: null });
    await server.patch(`${tenant.path}/webhooks/${body['webhook']!['id']}`, { name: 'alerts' }, tenant.owner);
    expect(await names(tenant, 'webhooks?name=alerts')).toEqual(['alerts']);
  });

  it('a service that was deleted is not found by the name that it had', async () => {
    const tenant = await newTenant();
    const { id } = await createService(server, tenant);
    const [{ name }] = (await list(tenant, 'services')) as [Shape];
    await server.delete(`${tenant.path}/services/${id}`, { password: PASSWORD }, tenant.owner);
    expect(await names(tenant, `services?name=${name!}`)).toEqual([]);
  });
});

describe('services that need work', () => {
  it('services are found that no request used since an instant, and show when one last did', async () => {
    const tenant = await newTenant();
    const [used, unused] = [await createService(server, tenant), await createService(server, tenant)];
    const created = server.clock.now();
    await server.setTime(created + DAY);
    expect((await server.get('/v1/whoami', { serviceKey: used.serviceKey })).status).toBe(200);
    await flushUsage();
    const shown = await list(tenant, 'services');
    expect(shown.map(({ id, lastUsedAt }) => [id, lastUsedAt])).toEqual([
      [used.id, new Date(created + DAY).toISOString()],
      [unused.id, null],
    ]);
    const ids = async (since: number) =>
      (await list(tenant, `services?unusedSince=${instant(since)}`)).map(({ id }) => id);
    expect(await ids(created + HOUR)).toEqual([unused.id]);
    expect(await ids(created + DAY + HOUR)).toEqual([used.id, unused.id]);
    expect(await ids(created)).toEqual([]);
  });
});

describe('keys that need work', () => {
  it('keys are found by state, algorithm, rotation and use', async () => {
    const tenant = await newTenant();
    const create = async (name: string, more: object) => {
      const created = await server.post(`${tenant.path}/keys`, { name, ...more }, tenant.owner);
      expect(created.status).toBe(201);
      return created.body['id']!;
    };
    const start = server.clock.now();
    await create('rotating', { algorithm: 'ES256', rotateEverySeconds: (30 * DAY) / 1_000 });
    await create('resting', { algorithm: 'EdDSA' });
    const deleted = await create('deleted', { algorithm: 'EdDSA' });
    await server.delete(`${tenant.path}/keys/${deleted}`, { password: PASSWORD }, tenant.owner);
    const { keyId, sign } = await createIssuer(server, tenant);
    const [{ name: signing }] = (await list(tenant, `keys`)).filter(({ id }) => id === keyId) as [Shape];
    await server.setTime(start + DAY);
    expect((await sign()).status).toBe(200);
    await flushUsage();
    expect(await names(tenant, 'keys')).toEqual(['deleted', signing, 'resting', 'rotating'].toSorted());
    expect(await names(tenant, 'keys?state=deleted')).toEqual(['deleted']);
    expect(await names(tenant, 'keys?state=deleted&name=deleted')).toEqual(['deleted']);
    expect(await names(tenant, 'keys?state=active&algorithm=EdDSA')).toEqual(['resting']);
    expect(await names(tenant, `keys?rotatesBefore=${instant(start + 31 * DAY)}`)).toEqual(['rotating']);
    expect(await names(tenant, `keys?rotatesBefore=${instant(start + HOUR)}`)).toEqual([]);
    expect(await names(tenant, `keys?state=active&unusedSince=${instant(start + HOUR)}`)).toEqual([
      'resting',
      'rotating',
    ]);
    // The clock is ahead of the row until the scheduler has run.
    await server.setTime(start + 9 * DAY);
    expect(await names(tenant, 'keys?state=deleted')).toEqual([]);
    expect(await names(tenant, 'keys?state=destroyed')).toEqual(['deleted']);
    expect(await names(tenant, 'keys')).not.toContain('deleted');
  });
});

describe('the users of a key', () => {
  const usersOf = async (tenant: TestTenant, keyId: string): Promise<Shape> =>
    (await server.get(`${tenant.path}/keys/${keyId}/users`, await ownerOf(tenant))).body;

  it('a key tells which services signed with it, by which profile, how often and when', async () => {
    const tenant = await newTenant();
    const { keyId, kid, profile, service, sign } = await createIssuer(server, tenant);
    const other = await createProfile(server, tenant, { keyId });
    const neverUsed = await createProfile(server, tenant, { keyId });
    const [{ name }] = (await list(tenant, 'services')) as [Shape];
    const start = server.clock.now();
    await sign();
    await flushUsage();
    await server.setTime(start + HOUR);
    await sign();
    await server.post(
      `/v1/sign/${profile}/batch`,
      { items: [{}, {}, { unknown: 1 }] },
      { serviceKey: service.serviceKey },
    );
    await server.setTime(start + 2 * HOUR);
    await sign({}, other);
    await flushUsage();
    await flushUsage();
    const at = (hours: number) => new Date(start + hours * HOUR).toISOString();
    const by = { kid, service: { id: service.id, name } };
    expect(await usersOf(tenant, keyId)).toEqual({
      uses: [
        { ...by, profile: other, tokens: 1, firstUsedAt: at(2), lastUsedAt: at(2) },
        { ...by, profile, tokens: 4, firstUsedAt: at(0), lastUsedAt: at(1) },
      ],
      profiles: [profile, other, neverUsed].toSorted(),
      services: [name],
      certificates: [],
      authorities: [],
    });
    const [key] = await list(tenant, 'keys');
    expect(key!['lastUsedAt']).toBe(at(2));
  });

  it('a key names its certificates, and a key that signs nothing has no users', async () => {
    const tenant = await newTenant();
    const { keyId } = await createKey(server, tenant, 'ES256');
    const { id: caId } = await createAuthority(server, tenant);
    const owner = await ownerOf(tenant);
    const { csr } = (await server.post(`${tenant.path}/keys/${keyId}/csr`, { subject: { commonName: 'a' } }, owner))
      .body;
    const { body } = await issue(server, tenant, { caId, csr });
    expect(await usersOf(tenant, keyId)).toEqual({
      uses: [],
      profiles: [],
      services: [],
      certificates: [body['kid']],
      authorities: [],
    });
  });
});
