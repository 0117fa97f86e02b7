import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ManualClock, toRfc3339 } from '#core';
import { leafHash } from '#audit';
import {
  type Call,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { signIn } from './people.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
let serviceId: string;
let keyId: string;
let kid: string;
beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'history');
  clock.advance(1_000);
  const headers = { 'X-Request-Id': 'new-service' };
  const created = await server.post(`${tenant.path}/services`, { name: 'billing' }, { ...tenant.owner, headers });
  serviceId = created.body['service']!['id']!;
  clock.advance(1_000);
  const key = await server.post(`${tenant.path}/keys`, { name: 'k', algorithm: 'ES256' }, tenant.owner);
  keyId = key.body['id']!;
  kid = (key.body['versions'] as unknown as Shape[])[0]!['kid']!;
});
afterAll(() => server.close());

const query = (filter: string, call: Call = tenant.owner) => server.get(`${tenant.path}/audit-events?${filter}`, call);
const found = async (filter: string): Promise<Shape[]> => (await query(filter)).body['items'] as unknown as Shape[];
const actions = async (filter: string): Promise<unknown[]> => (await found(filter)).map(({ action }) => action);

describe('the history', () => {
  it('the history shows newest first, or oldest first', async () => {
    const newest = await actions('');
    expect(newest[0]).toBe('key.generated');
    expect(await actions('order=asc')).toEqual(newest.toReversed());
  });

  it('the history is found by whatever an event says', async () => {
    expect(await actions(`kid=${kid}`)).toEqual(['key.generated']);
    expect(await actions(`targetType=key&targetId=${keyId}`)).toEqual(['key.generated']);
    expect(await actions('action=service.created')).toEqual(['service.created']);
    expect((await actions('requestId=new-service')).toSorted()).toEqual([
      'credential.created',
      'credential.created',
      'service.created',
    ]);
    const at = toRfc3339(clock.now() - 1_000);
    expect(await actions(`from=${at}&to=${toRfc3339(clock.now())}`)).toHaveLength(3);
    const actor = (await found('action=key.generated'))[0]!['actor']!['id'];
    expect(new Set(await actions(`actor=${actor}`))).toEqual(
      new Set(['key.generated', 'service.created', 'credential.created', 'session.started']),
    );
    const credentialId = (await found('action=credential.created'))[0]!['credentialId'];
    expect(await actions(`credentialId=${credentialId}`)).toEqual(['credential.created']);
    const email = encodeURIComponent(tenant.owner.email.toUpperCase());
    expect(await actions(`actorEmail=${email}&targetType=key`)).toEqual(['key.generated']);
    expect(await actions('actorEmail=nobody@example.com')).toEqual([]);
    expect((await actions('sourceAddress=127.0.0.1')).length).toBeGreaterThan(3);
    expect(await actions('sourceAddress=192.0.2.1')).toEqual([]);
    expect(await actions('sourceAddress=::ffff:127.0.0.1')).toEqual(await actions('sourceAddress=127.0.0.1'));
    const both = ['key.generated', 'service.created'];
    expect(await actions('action=service.created,key.generated')).toEqual(both);
    expect(await actions('action=service.created&action=key.generated')).toEqual(both);
    const day = toRfc3339(clock.now()).slice(0, 10);
    const nextDay = toRfc3339(clock.now() + 86_400_000).slice(0, 10);
    expect(await actions(`from=${day}&to=${nextDay}`)).toEqual(await actions(''));
    expect(await actions(`from=${nextDay}`)).toEqual([]);
    expect(await actions('tokenId=none')).toEqual([]);
    expect(await actions('outcome=failed')).toEqual([]);
  });

  it.each([
    'outcome=odd',
    'from=yesterday',
    'from=2026-02-30',
    'action=Bad',
    'actorEmail=x',
    'order=up',
    'limit=201',
    'cursor=x',
    'colour=red',
  ])('the history rejects the query %s', async (filter) => {
    expect(await query(filter)).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
  });

  it('the refusal of an action on a credential is found by the id of the credential', async () => {
    const services = await server.post(`${tenant.path}/services`, { name: 'refused' }, tenant.owner);
    const { id: service } = services.body['service']!;
    const credentialId = services.body['serviceKey']!['id']!;
    const path = `${tenant.path}/services/${service}/credentials/${credentialId}`;
    expect((await server.post(`${path}/discard`, undefined, tenant.owner)).status).toBe(409);
    expect(await actions(`credentialId=${credentialId}`)).toEqual(['request.refused', 'credential.created']);
  });

  it('the history continues where a page ended', async () => {
    const seen: unknown[] = [];
    let cursor = '';
    do {
      const page = await query(`limit=2&order=asc${cursor}`);
      const { items, nextCursor } = page.body;
      seen.push(...(items as unknown as Shape[]).map(({ id }) => id));
      cursor = (nextCursor as unknown) === null ? '' : `&cursor=${nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual((await found('order=asc')).map(({ id }) => id));
  });

  it('the history shows one event as it was hashed', async () => {
    const [listed] = await found(`action=key.generated`);
    const answer = await server.get(`${tenant.path}/audit-events/${listed!['id']}`, tenant.owner);
    expect(answer).toMatchObject({ status: 200, body: listed! });
    const { sequence, leafHash: hash } = answer.body;
    const bytes = { ...tenant.owner, headers: { Accept: 'application/octet-stream' } };
    const entry = await server.get(`${tenant.path}/audit-events/${listed!['id']}`, bytes);
    expect(leafHash(entry.text)).toBe(hash);
    // The personal fields are not in what was hashed, and nothing else is missing.
    const document = JSON.parse(entry.text) as { personal: { fields: string[] } };
    expect(document.personal.fields).toEqual(['/actor/name', '/sourceAddress']);
    expect(answer.body).toMatchObject({ ...document, actor: { name: tenant.owner.email }, sourceAddress: '127.0.0.1' });
    const bySequence = await server.get(`${tenant.path}/audit-events/${String(sequence)}`, tenant.owner);
    expect(bySequence.body).toEqual(answer.body);
    for (const reference of [`0${String(sequence)}`, '999999999999999', 'nonsense', serviceId]) {
      const absent = await server.get(`${tenant.path}/audit-events/${reference}`, tenant.owner);
      expect(absent).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });

  it('the history records that an auditor read it, once a minute with the number of times, and of no other member', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    for (let time = 0; time < 3; time += 1) expect((await query('', auditor)).status).toBe(200);
    const reads = (): Promise<Shape[]> => found('action=history.read');
    expect(await reads()).toMatchObject([{ actor: { id: auditor.userId, role: 'auditor' }, details: { count: 1 } }]);
    await server.setTime(server.clock.now() + 61_000);
    await server.runScheduler();
    expect(await reads()).toMatchObject([{ details: { count: 2 } }, { details: { count: 1 } }]);
  });

  it('the history records what was rejected', async () => {
    const limited = await signIn(server, tenant, 'limited_access');
    expect((await query('', limited)).status).toBe(403);
    const [refused] = await found('outcome=denied');
    expect(refused).toMatchObject({
      action: 'request.refused',
      actor: { id: limited.userId },
      details: { code: 'FORBIDDEN', method: 'GET' },
    });
  });

  it('the history of a tenant is for its auditors, that of the installation for its administrators', async () => {
    const other = await createTenant(server, 'other-history');
    const id = (await found('action=key.generated'))[0]!['id'];
    expect((await server.get(`${other.path}/audit-events/${id}`, other.owner)).status).toBe(404);
    expect((await query('', other.owner)).status).toBe(404);
    const admin = { token: await server.login() };
    expect((await query('', admin)).status).toBe(404);
    const platform = '/v1/platform/audit-events';
    const created = await server.get(`${platform}?action=tenant.created&targetId=${tenant.id}`, admin);
    const [event] = created.body['items'] as unknown as Shape[];
    expect(event).toMatchObject({ target: { type: 'tenant', id: tenant.id } });
    expect((await server.get(`${platform}/${event!['id']}`, admin)).body).toEqual(event);
    expect((await server.get(`${platform}/${id}`, admin)).status).toBe(404);
    expect((await server.get(platform, tenant.owner)).status).toBe(403);
  });
});
