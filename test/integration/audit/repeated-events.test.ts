import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { History, type RepeatedEvent, RepeatedEvents, auditEntities, requestEvents } from '#audit';
import { INSTALLATION_ID, ManualClock, MINUTE, SECOND, platformScope, systemOrigin } from '#core';
import { Database } from '#database';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { historyOf, recordEvents } from '../../support/history.js';

const SYSTEM = platformScope(systemOrigin('test'));
const TENANTS = ['019a1b2c-3d4e-7f50-8a6b-000000000001', '019a1b2c-3d4e-7f50-8a6b-000000000002'] as const;

const clock = new ManualClock();
let test: TestDatabase;
let databases: Database[];
/** Two processes on the same database. */
let [one, other]: RepeatedEvents[] = [];
let history: History;
let subject = '';
let number = 0;

beforeAll(async () => {
  test = await createMigratedDatabase();
  const open = () => Database.open({ url: test.url, entities: auditEntities, clock, recorder: recordEvents });
  databases = [await open(), await open()];
  [one, other] = databases.map((database) => new RepeatedEvents(database));
  history = historyOf(databases[0]!);
});
beforeEach(() => {
  subject = `subject-${++number}`;
  clock.advance(10 * MINUTE);
});
afterAll(async () => {
  for (const database of databases) await database.close();
  await test.drop();
});

const repeated = (
  changes: { sourceAddress?: string; histories?: readonly string[]; about?: string } = {},
): RepeatedEvent => {
  const { sourceAddress = '192.0.2.1', histories = [INSTALLATION_ID], about = subject } = changes;
  return {
    subject: about,
    histories,
    origin: { actor: { type: 'service', id: about, name: about }, requestId: 'r', sourceAddress },
    event: requestEvents.refused(about, { outcome: 'denied', details: { code: 'X' } }),
    sourceAddresses: [sourceAddress],
  };
};
const counts = async (scope: { tenantId: string } = SYSTEM): Promise<unknown[]> => {
  const page = await history.list({ ...SYSTEM, ...scope } as typeof SYSTEM, { targetId: subject, order: 'asc' }, {});
  return page.items.map(({ details }) => (details as { count: number }).count);
};

describe('an event that is repeated', () => {
  it('an event that is repeated is recorded immediately, and then once a minute with the number of repetitions', async () => {
    await one!.record(repeated());
    expect(await counts()).toEqual([1]);
    for (let repetition = 0; repetition < 20; repetition += 1) {
      await one!.record(repeated());
      clock.advance(SECOND);
    }
    expect(await counts()).toEqual([1]);
    clock.advance(MINUTE - 20 * SECOND);
    await one!.record(repeated(), 5);
    expect(await counts()).toEqual([1, 25]);
  });

  it('an event that is repeated on several instances is recorded as on one', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other)!.record(repeated())));
    expect(await counts()).toEqual([1]);
    clock.advance(MINUTE);
    await Promise.all([one!.recordDue(100), other!.recordDue(100)]);
    expect(await counts()).toEqual([1, 19]);
  });

  it('an event that is no longer repeated is recorded with its last repetitions by the scheduler', async () => {
    await one!.record(repeated());
    await one!.record(repeated(), 3);
    await other!.recordDue(100);
    expect(await counts()).toEqual([1]);
    clock.advance(MINUTE);
    await other!.recordDue(100);
    expect(await counts()).toEqual([1, 3]);
    // The window that follows is removed when nothing was counted in it.
    clock.advance(MINUTE);
    await other!.recordDue(100);
    await one!.record(repeated());
    expect(await counts()).toEqual([1, 3, 1]);
  });

  it('an event that is repeated until the server stops is recorded before it has stopped', async () => {
    await one!.record(repeated());
    await one!.record(repeated(), 7);
    await one!.recordAll();
    await one!.recordAll();
    expect(await counts()).toEqual([1, 7]);
  });

  it('an event that is repeated from several addresses names up to ten of them', async () => {
    await one!.record(repeated());
    for (let host = 1; host <= 12; host += 1) await one!.record(repeated({ sourceAddress: `198.51.100.${host}` }));
    clock.advance(MINUTE);
    await one!.recordDue(100);
    const { items } = await history.list(SYSTEM, { targetId: subject }, {});
    expect(items[0]).toMatchObject({
      sourceAddress: '198.51.100.12',
      details: { count: 12, sourceAddresses: Array.from({ length: 10 }, (_, host) => `198.51.100.${host + 1}`) },
    });
    expect(items[1]!.details).toEqual({ code: 'X', count: 1 });
  });

  it('an event of several histories is recorded in each, and another subject in none of them', async () => {
    await one!.record(repeated({ histories: [INSTALLATION_ID, TENANTS[0]] }));
    await one!.record(repeated({ histories: [TENANTS[1]], about: `${subject}-other` }));
    for (const [tenantId, expected] of [
      [INSTALLATION_ID, [1]],
      [TENANTS[0], [1]],
      [TENANTS[1], []],
    ] as const) {
      expect([tenantId, await counts({ tenantId })]).toEqual([tenantId, expected]);
    }
  });

  it('an event that was recorded while the clock was ahead does not stay silent until then', async () => {
    clock.advance(60 * MINUTE);
    await one!.record(repeated());
    clock.advance(-60 * MINUTE);
    await one!.record(repeated());
    expect((await counts()).toSorted()).toEqual([1, 1]);
  });
});
