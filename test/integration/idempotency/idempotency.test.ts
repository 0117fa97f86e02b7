import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock, SECOND, type TenantScope, platformScope, selfDeciding, systemOrigin } from '#core';
import { Database, type Sealing, completing } from '#database';
import { IdempotencyRecords, LEASE } from '#idempotency';
import { Services } from '#service-keys';

import { certificateEvents } from '../../../libs/certificates/events.js';
import { payloadHash } from '../../../apps/server/src/http/idempotency.guard.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { joinTenant } from '../../support/people.js';
import { whileStatementFails } from '../../support/failing-statement.js';
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
/** A second instance on the same database. */
let other: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, clock });
  other = await startTestServer({ database, clock });
  tenant = await createTenant(server, 'idempotency');
});
afterAll(async () => {
  await other.close();
  await server.close();
  await database.drop();
});

const createService = (
  name: string,
  key: string,
  token = tenant.owner.token,
  path = tenant.path,
  at = server,
): Promise<Answer> => at.post(`${path}/services`, { name }, { token, headers: { 'Idempotency-Key': key } });

/** How many services of that name there are. */
async function countOf(name: string): Promise<number> {
  const { items } = (await server.get(`${tenant.path}/services?limit=200`, tenant.owner)).body;
  return (items as unknown as Shape[]).filter((service) => service['name'] === name).length;
}

/** The same request could be done again and again: nothing but the key keeps it from that. */
async function createTenantOf(key: string, token?: string): Promise<Answer> {
  const call = { token: token ?? (await server.login()), headers: { 'Idempotency-Key': key } };
  return server.post('/v1/tenants', { slug: key, name: 'Control' }, call);
}

describe('a request that is repeated under its key', () => {
  it('a request that is repeated under its key gets the first answer, secrets included, and is done once', async () => {
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

  it('a request that is repeated under its key is rejected with another payload, or at another place', async () => {
    await createService('payload', 'payload-key');
    const reused = { status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } };
    expect(await createService('other payload', 'payload-key')).toMatchObject(reused);
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'payload-key' } };
    expect(await server.post(`${tenant.path}/keys`, { name: 'payload', algorithm: 'ES256' }, call)).toMatchObject(
      reused,
    );
    expect(await countOf('other payload')).toBe(0);
  });

  it('a request that is repeated under its key at the same time on two instances is done once: the others get the same answer, or are told to wait', async () => {
    const racer = (key: string) => (_: unknown, number: number) =>
      createService('parallel', key, tenant.owner.token, tenant.path, number % 2 === 0 ? server : other);
    const answers = await Promise.all(Array.from({ length: PARALLEL }, racer('parallel-key')));
    const created = answers.filter(({ status }) => status === 201);
    const waiting = answers.filter(({ status }) => status === 409);
    expect(created.length).toBeGreaterThan(0);
    expect(created.length + waiting.length).toBe(PARALLEL);
    expect(new Set(created.map(({ text }) => text)).size).toBe(1);
    for (const answer of waiting) {
      expect(answer.body['code']).toBe('IDEMPOTENCY_KEY_IN_USE');
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(LEASE / SECOND);
    }
    expect((await createService('parallel', 'parallel-key')).text).toBe(created[0]!.text);
    expect(await countOf('parallel')).toBe(1);
  });

  it('a request is done again under another idempotency key: the negative control of the race', async () => {
    const keys = Array.from({ length: PARALLEL }, (_, number) => `control-${number}`);
    // One sign-in: of as many at the same time, the guard of passwords rejects some.
    const token = await server.login();
    const created = await Promise.all(keys.map((key) => createTenantOf(key, token)));
    expect(created.filter(({ status }) => status === 201)).toHaveLength(PARALLEL);
  });

  it('a request that is repeated under its key that was rejected may be corrected and sent again', async () => {
    const refused = await createService('', 'corrected-key');
    expect(refused.status).toBe(400);
    expect((await createService('corrected', 'corrected-key')).status).toBe(201);
    expect((await createService('corrected', 'second-key')).status).toBe(409);
    expect((await createService('corrected too', 'second-key')).status).toBe(201);
  });
});

describe('a key', () => {
  it('an idempotency key belongs to one caller in one tenant', async () => {
    const member = { email: 'second@idempotency.test', role: 'full_access' };
    await joinTenant(server, tenant, member);
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

  it('an idempotency key holds on the platform, too', async () => {
    const call = { token: await server.login(), headers: { 'Idempotency-Key': 'platform-key' } };
    const owner = { email: 'owner@repeated.test', name: 'Owner', password: PASSWORD };
    const request = { slug: 'repeated', name: 'Repeated', owner };
    const first = await server.post('/v1/tenants', request, call);
    expect(await server.post('/v1/tenants', request, call)).toMatchObject({ status: 201, text: first.text });
  });

  it('an idempotency key is forgotten after a day, and not before', async () => {
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

  it.each(['', 'with a blank', 'ü', 'x'.repeat(256)])(
    'an idempotency key is printable ASCII of bounded length: %j',
    async (key) => {
      expect(await createService('bad key', key)).toMatchObject({
        status: 400,
        body: { code: 'INVALID_IDEMPOTENCY_KEY' },
      });
    },
  );
});

/** The claim of a process that has stopped: nothing renews it, and nothing answers it. */
async function claimAndStop(name: string, key: string) {
  const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
  const { user } = (await server.get('/v1/auth/me', tenant.owner)).body;
  const actor = { type: 'user' as const, id: String(user!['id']), name: tenant.owner.email };
  const records = server.server.app.get(IdempotencyRecords);
  const hash = payloadHash('POST', `${tenant.path}/services`, Buffer.from(JSON.stringify({ name })));
  const asOwner = selfDeciding({ ...scope, actor });
  const found = await records.claim(asOwner, key, hash);
  if (!('claim' in found)) throw new Error('The key is answered already');
  records.finish(found.claim);
  return { scope: asOwner, claim: found.claim, records };
}

describe('the claim of a process that has stopped', () => {
  it('the claim of a process that has stopped is free as soon as its lease has ended, and until then says how long that takes', async () => {
    await claimAndStop('stopped', 'stopped-key');
    const waiting = await createService('stopped', 'stopped-key', tenant.owner.token, tenant.path, other);
    expect([waiting.status, waiting.body['code']]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE']);
    expect(waiting.headers.get('retry-after')).toBe(String(LEASE / SECOND));
    clock.advance(LEASE);
    const taken = await createService('stopped', 'stopped-key', tenant.owner.token, tenant.path, other);
    expect([taken.status, taken.headers.get('idempotency-replayed')]).toEqual([201, null]);
    const again = await createService('stopped', 'stopped-key');
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([taken.text, 'true']);
    expect(await countOf('stopped')).toBe(1);
  });

  it('the claim of a process that has stopped cannot be completed once another attempt has taken it over: its work is rolled back', async () => {
    const { scope, claim, records } = await claimAndStop('late', 'late-key');
    clock.advance(LEASE);
    expect((await createService('late', 'late-key', tenant.owner.token, tenant.path, other)).status).toBe(201);
    const late = completing(scope, { complete: (tx) => records.complete(tx, claim, Buffer.from('{}')) });
    const work = server.server.app.get(Services).create(late, { name: 'late too' });
    await expect(work).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_USE' });
    expect([await countOf('late'), await countOf('late too')]).toEqual([1, 0]);
  });

  it('the claim of a process that has stopped would be renewed while the process works', async () => {
    const records = server.server.app.get(IdempotencyRecords);
    const scope = platformScope(systemOrigin('working'));
    const found = await records.claim(scope, 'working-key', 'payload');
    if (!('claim' in found)) throw new Error('The key is answered already');
    const leases = async (): Promise<number[]> => {
      const sql = `SELECT leaseUntil FROM idempotency_records WHERE id = '${found.claim.recordId}'`;
      return (await rowsOf<{ leaseUntil: number | string }>(sql)).map(({ leaseUntil }) => Number(leaseUntil));
    };
    const [first] = await leases();
    clock.advance(SECOND);
    await expect.poll(leases).toEqual([first! + SECOND]);
    await records.release(found.claim);
    expect(await leases()).toEqual([]);
  });
});

async function rowsOf<Row>(sql: string): Promise<Row[]> {
  const plain = await openPlainDataSource(database.url);
  try {
    return await plain.query<Row[]>(sql);
  } finally {
    await plain.destroy();
  }
}

/** Makes one kind of statement fail while the work runs, by a trigger in the database. */
const whileFailing = <T>(event: string, condition: string, work: () => Promise<T>): Promise<T> =>
  whileStatementFails(database.url, { event, condition }, work);

describe('the work and its stored answer', () => {
  it.each([
    ['the answer cannot be stored', 'UPDATE ON idempotency_records', "NEW.state = 'answered'"],
    ['the event cannot be written', 'INSERT ON audit_events', "NEW.action = 'service.created'"],
  ])(
    'the work and its stored answer are both undone where %s, and the key is free',
    async (cause, event, condition) => {
      const failed = await whileFailing(event, condition, () => createService(cause, cause.replaceAll(' ', '-')));
      expect([failed.status, failed.body['code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
      expect(await countOf(cause)).toBe(0);
      const again = await createService(cause, cause.replaceAll(' ', '-'));
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
      expect(await countOf(cause)).toBe(1);
    },
  );
});

describe('what is stored', () => {
  it('the stored answer is sealed, and the idempotency key stored as its hash only', async () => {
    const { body } = await createService('sealed', 'a-key-to-look-for');
    const rows = await rowsOf<{ sealedAnswer: Buffer | null }>('SELECT * FROM idempotency_records');
    const text = rows.map((row) => `${JSON.stringify(row)} ${row.sealedAnswer?.toString('latin1')}`).join('\n');
    expect(rows.some(({ sealedAnswer }) => sealedAnswer)).toBe(true);
    for (const secret of [body['serviceKey']!['secret']!, body['service']!['id']!, 'a-key-to-look-for']) {
      expect(text).not.toContain(secret);
    }
  });

  it('stored answers of almost a megabyte each are written together with their work, and given again', async () => {
    const [records, tenants] = [server.server.app.get(IdempotencyRecords), server.server.app.get(Database)];
    const scope: TenantScope = { ...systemOrigin('large-answers'), tenantId: tenant.id };
    const { basis } = await tenants.known(tenant.id, async () => ({
      value: undefined,
      from: -Infinity,
      until: Infinity,
    }));
    // Nothing makes random bytes smaller, and all of them together are more than a server takes in one packet.
    const answers = Array.from({ length: 20 }, () => randomBytes(900_000));
    const work = answers.map(async (answer, place) => {
      const { entity, key, record } = (await records.reserve(scope, `large-${place}`, 'payload'))!;
      const row = (tx: Sealing) => record(tx, answer);
      const completed = completing(scope, { complete: async () => undefined, shared: { entity, key, row } });
      const events = [certificateEvents.intended(`large-${place}`)];
      await tenants.commit(completed, async () => ({ basis, finish: () => ({ result: place, events }) }));
    });
    await Promise.all(work);
    for (const [place, answer] of answers.entries()) {
      const found = await records.claim(scope, `large-${place}`, 'payload');
      expect('answer' in found && found.answer.equals(answer)).toBe(true);
    }
  });
});
