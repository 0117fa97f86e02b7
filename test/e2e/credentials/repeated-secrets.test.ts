import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { platformScope, systemOrigin } from '#core';
import { idempotencyEntities } from '#idempotency';
import { sealedColumnsOf } from '#vault';

import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  tenant = await createTenant(server);
});
afterAll(() => server.close());

const post = (path: string, body: object, key: string): Promise<Answer> =>
  server.post(`${tenant.path}${path}`, body, { ...tenant.owner, headers: { 'Idempotency-Key': key } });
const set = (settings: object): Promise<Answer> => server.patch(tenant.path, { settings }, tenant.owner);

/** Who was shown the secret of a credential, oldest first. */
async function reveals(credentialId: string): Promise<Shape[]> {
  const query = `action=credential.revealed&targetId=${credentialId}&order=asc`;
  return (await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)).body['items'] as unknown as Shape[];
}

/** The stored answers as they are before they are sealed. */
async function storedAnswers(): Promise<string[]> {
  const { database, vault } = server.server.installation;
  const [Record] = idempotencyEntities as [new () => { id: string; tenantId: string; sealedAnswer: Buffer | null }];
  const [column] = sealedColumnsOf(idempotencyEntities);
  return database.readPlatform(platformScope(systemOrigin('test')), async (view) => {
    const rows = await view.find(Record, { tenantId: tenant.id } as never);
    const opened = rows.map(({ id, tenantId, sealedAnswer }) =>
      sealedAnswer ? vault.open(view, column!.place(tenantId, id), sealedAnswer) : Buffer.alloc(0),
    );
    return (await Promise.all(opened)).map((bytes) => bytes.toString());
  });
}

/** Every route whose answer shows the secret of a new credential: makes one, and says where in the answer it is. */
const ROUTES: readonly [string, (key: string) => Promise<Answer>, (body: Shape) => Shape][] = [
  ['POST services', (key) => post('/services', { name: key }, key), (body) => body['serviceKey']!],
  [
    'POST services, for the JWT credential',
    (key) => post('/services', { name: key }, key),
    (body) => body['jwtCredential']!,
  ],
  [
    'POST credentials',
    async (key) => post(`/services/${await serviceId()}/credentials`, { authType: 'service_key' }, key),
    (body) => body,
  ],
  [
    'POST regenerate',
    async (key) => post(`${await credentialPath()}/regenerate`, { overlapSeconds: 60 }, key),
    (body) => body,
  ],
  [
    'POST compromise',
    async (key) => post(`${await credentialPath()}/compromise`, {}, key),
    (body) => body['successor']!,
  ],
];

let prepared: { serviceId: string; credentialPath: string } | undefined;
beforeEach(() => {
  prepared = undefined;
});
/** One service of the tenant, the same for every call within a test. */
async function prepare() {
  if (prepared) return prepared;
  const { service, serviceKey } = (await server.post(`${tenant.path}/services`, { name: 'prepared' }, tenant.owner))
    .body;
  const id = String(service!['id']);
  prepared = { serviceId: id, credentialPath: `/services/${id}/credentials/${serviceKey!['id']}` };
  return prepared;
}
const serviceId = async (): Promise<string> => (await prepare()).serviceId;
const credentialPath = async (): Promise<string> => (await prepare()).credentialPath;

describe.each(ROUTES)('the secret in the answer of %s', (route, create, shown) => {
  it(`the secret in the answer of ${route} is not stored, and a repetition opens it again with an event that names who saw it`, async () => {
    const first = await create('once');
    const { id, secret } = shown(first.body);
    for (const stored of await storedAnswers()) expect(stored).not.toContain(String(secret));
    const again = await create('once');
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await reveals(String(id))).toMatchObject([
      { actor: { name: tenant.owner.email }, details: { repeated: true } },
    ]);
  });

  it(`the secret in the answer of ${route} is gone once revealing is never`, async () => {
    await create('never');
    await set({ reveal: 'never' });
    expect(await create('never')).toMatchObject({ status: 410, body: { code: 'GONE', reason: 'NOT_REVEALABLE' } });
  });
});

describe('the secret in a repeated answer', () => {
  it('the secret in a repeated answer is gone once its credential was deleted, and once its service was', async () => {
    await set({ credentialsPerType: 4 });
    const path = `/services/${await serviceId()}/credentials`;
    const { body } = await post(path, { authType: 'jwt' }, 'deleted');
    const credential = `${tenant.path}${path}/${body['id']}`;
    await server.post(`${credential}/discard`, undefined, tenant.owner);
    expect((await post(path, { authType: 'jwt' }, 'deleted')).status).toBe(201);
    expect((await server.delete(credential, { password: PASSWORD }, tenant.owner)).status).toBe(204);
    expect(await post(path, { authType: 'jwt' }, 'deleted')).toMatchObject({ status: 410, body: { code: 'GONE' } });

    const created = await post('/services', { name: 'short-lived' }, 'service');
    const service = `${tenant.path}/services/${created.body['service']!['id']}`;
    expect((await server.delete(service, { password: PASSWORD }, tenant.owner)).status).toBe(204);
    expect(await post('/services', { name: 'short-lived' }, 'service')).toMatchObject({
      status: 410,
      body: { code: 'GONE' },
    });
  });

  it('the secret in a repeated answer counts as the one reveal where the tenant permits one', async () => {
    await set({ reveal: 'once' });
    const first = await post('/services', { name: 'one' }, 'one');
    expect((await post('/services', { name: 'one' }, 'one')).text).toBe(first.text);
    expect(await post('/services', { name: 'one' }, 'one')).toMatchObject({ status: 410, body: { code: 'GONE' } });
    const { service, serviceKey } = first.body;
    const path = `${tenant.path}/services/${service!['id']}/credentials/${serviceKey!['id']}/reveal`;
    expect(await server.post(path, undefined, tenant.owner)).toMatchObject({ body: { code: 'NOT_REVEALABLE' } });
  });

  it('the secret in a repeated answer does not change the version that the answer names', async () => {
    const { body } = await post('/services', { name: 'versions' }, 'versions');
    const again = await post('/services', { name: 'versions' }, 'versions');
    const { id, version } = again.body['serviceKey']!;
    const path = `${tenant.path}/services/${body['service']!['id']}/credentials/${id}`;
    const changed = await server.patch(
      path,
      { name: 'x' },
      { ...tenant.owner, headers: { 'If-Match': `"${version}"` } },
    );
    expect(changed.status).toBe(200);
  });
});
