import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const PARALLEL = 8;

const clock = new ManualClock();
let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock });
  tenant = await createTenant(server, 'idempotency');
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const createService = (name: string, key: string, token = tenant.owner.token, path = tenant.path): Promise<Answer> =>
  server.post(`${path}/services`, { name }, { token, headers: { 'Idempotency-Key': key } });

/** How many services of that name there are. */
async function countOf(name: string): Promise<number> {
  const { items } = (await server.get(`${tenant.path}/services?limit=200`, tenant.owner)).body;
  return (items as unknown as Shape[]).filter((service) => service['name'] === name).length;
}

describe('a request that is repeated under its key', () => {
  it('gets the first answer, secrets included, and is done once', async () => {
    const first = await createService('once', 'once-key');
    const again = await createService('once', 'once-key');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.body['serviceKey']!['secret']).toMatch(/^csk_/);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await countOf('once')).toBe(1);
  });

  it('is refused with another payload, or at another place', async () => {
    await createService('payload', 'payload-key');
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await createService('other payload', 'payload-key')).toMatchObject(reused);
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'payload-key' } };
    expect(await server.post(`${tenant.path}/keys`, { name: 'payload' }, call)).toMatchObject(reused);
    expect(await countOf('other payload')).toBe(0);
  });

  it('at the same time is done once: the others get the same answer, or wait', async () => {
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, () => createService('parallel', 'parallel-key')),
    );
    const created = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status === 409);
    expect(created.length).toBeGreaterThan(0);
    expect(created.length + waiting.length).toBe(PARALLEL);
    expect(new Set(created.map(({ text }) => text)).size).toBe(1);
    for (const answer of waiting) {
      expect(answer.body['code']).toBe('IDEMPOTENCY_KEY_IN_USE');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect((await createService('parallel', 'parallel-key')).text).toBe(created[0]!.text);
    expect(await countOf('parallel')).toBe(1);
  });

  it('that was refused may be corrected and sent again', async () => {
    const refused = await createService('', 'corrected-key');
    expect(refused.status).toBe(400);
    expect((await createService('corrected', 'corrected-key')).status).toBe(201);
    expect((await createService('corrected', 'second-key')).status).toBe(409);
    expect((await createService('corrected too', 'second-key')).status).toBe(201);
  });
});

describe('a key', () => {
  it('belongs to one caller in one tenant', async () => {
    const member = { email: 'second@idempotency.test', name: 'Second', role: 'full_access', password: PASSWORD };
    await server.post(`${tenant.path}/members`, member, tenant.owner);
    const other = await createTenant(server, 'idempotency-too');
    const answers = [
      await createService('of the owner', 'shared-key'),
      await createService('of a member', 'shared-key', await server.login(member.email, PASSWORD)),
      await createService('of another tenant', 'shared-key', other.owner.token, other.path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const ids = answers.map(({ body }) => body['service']!['id']);
    expect(new Set(ids).size).toBe(3);
  });

  it('holds on the platform, too', async () => {
    const call = { token: await server.login(), headers: { 'Idempotency-Key': 'platform-key' } };
    const owner = { email: 'owner@repeated.test', name: 'Owner', password: PASSWORD };
    const request = { slug: 'repeated', name: 'Repeated', owner };
    const first = await server.post('/v1/tenants', request, call);
    expect(await server.post('/v1/tenants', request, call)).toMatchObject({ status: 201, text: first.text });
  });

  it('is forgotten after a day, and not before', async () => {
    const start = clock.now();
    const first = await createService('a day', 'day-key');
    const at = async (offset: number): Promise<string> => {
      clock.set(start + offset);
      return server.login(tenant.owner.email, PASSWORD);
    };
    const late = await createService('a day', 'day-key', await at(DAY - HOUR));
    expect(late.text).toBe(first.text);
    const next = await createService('the day after', 'day-key', await at(DAY));
    expect(next).toMatchObject({ status: 201, body: { service: { name: 'the day after' } } });
    tenant = { ...tenant, owner: { ...tenant.owner, token: await at(DAY) } };
  });

  it.each(['', 'with a blank', 'ü', 'x'.repeat(256)])('is printable ASCII of bounded length: %j', async (key) => {
    expect(await createService('bad key', key)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_IDEMPOTENCY_KEY' },
    });
  });
});

describe('what is kept', () => {
  it('is sealed, and the key only as its hash', async () => {
    const { body } = await createService('sealed', 'a-key-to-look-for');
    const plain = await openPlainDataSource(database.url);
    try {
      const rows = await plain.query<{ sealedAnswer: Buffer | null }[]>('SELECT * FROM idempotency_records');
      const text = rows.map((row) => `${JSON.stringify(row)} ${row.sealedAnswer?.toString('latin1')}`).join('\n');
      expect(rows.some(({ sealedAnswer }) => sealedAnswer)).toBe(true);
      for (const secret of [body['serviceKey']!['secret']!, body['service']!['id']!, 'a-key-to-look-for']) {
        expect(text).not.toContain(secret);
      }
    } finally {
      await plain.destroy();
    }
  });
});
