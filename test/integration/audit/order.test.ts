import { setImmediate } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { auditEntities } from '#audit';
import { ManualClock, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import { Database, type EventRecorder, type Tx } from '#database';

import { AuditEvent } from '../../../libs/audit/audit-event.entity.js';
import { HistorySize } from '../../../libs/audit/log.entities.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../../support/database.js';
import { openPlainDataSource, revertMigrations } from '../../support/plain-data-source.js';
import { historyOf, recordEvents } from '../../support/history.js';

const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const clock = new ManualClock();

let test: TestDatabase;
let opened: Database[];
beforeEach(async () => {
  test = await createMigratedDatabase();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await test.drop();
});

/** An instance of its own on the database of the test. */
async function instance(recorder: EventRecorder = recordEvents): Promise<Database> {
  const database = await Database.open({ url: test.url, entities: auditEntities, clock, recorder });
  opened.push(database);
  return database;
}

const newTenant = (): TenantScope => ({ ...systemOrigin('test'), tenantId: uuidv7(1) });

const record = (database: Database, scope: TenantScope, count = 1): Promise<void> =>
  database.transaction(scope, async (tx) => {
    for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key'));
  });

async function sequencesOf(database: Database, scope: TenantScope): Promise<number[]> {
  const events = await database.read(scope, (view) => view.find(AuditEvent, {}, { order: { sequence: 'ASC' } }));
  return events.map(({ sequence }) => sequence);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the numbers of events', () => {
  it('the numbers of events begin with 0 in each history and follow the order of recording', async () => {
    const database = await instance();
    const [one, other] = [newTenant(), newTenant()];
    await record(database, one, 3);
    await record(database, other);
    await record(database, one, 2);
    expect(await sequencesOf(database, one)).toEqual(upTo(5));
    expect(await sequencesOf(database, other)).toEqual([0]);
    const { items } = await historyOf(database).list(one, { order: 'asc' }, {});
    expect(items.map(({ sequence }) => sequence)).toEqual(upTo(5));
  });

  it('the numbers of events have neither gap nor duplicate when two instances race, over tenants and across them', async () => {
    const [first, second] = [await instance(), await instance()];
    const tenants = [newTenant(), newTenant(), newTenant()];
    const across = (database: Database, order: readonly TenantScope[]) =>
      database.platform(platform, async (tx) => {
        for (const { tenantId } of order) tx.record(keyEvents.used('key', { tenantId }));
        tx.record(keyEvents.used('key'));
      });
    const failing = (database: Database, scope: TenantScope) =>
      database
        .transaction(scope, async (tx) => {
          tx.record(keyEvents.used('never'));
          throw new Error('roll back');
        })
        .catch(() => undefined);
    const rounds = 8;
    await Promise.all(
      upTo(rounds).flatMap((round) =>
        [first, second].flatMap((database) => [
          ...tenants.map((scope) => record(database, scope, 1 + (round % 3))),
          failing(database, tenants[round % 3]!),
          // In both orders: neither waits for the other.
          across(database, round % 2 === 0 ? tenants : tenants.toReversed()),
        ]),
      ),
    );
    const single = upTo(rounds).reduce((sum, round) => sum + 1 + (round % 3), 0) * 2;
    for (const scope of tenants) expect(await sequencesOf(first, scope)).toEqual(upTo(single + rounds * 2));
    const own = await second.readPlatform(platform, (view) => view.count(AuditEvent, { tenantId: platform.tenantId }));
    expect(own).toBe(rounds * 2);
  });

  it('the numbers of events follow the order of commits: a reader who sees an event sees all before it', async () => {
    const [writer, reader] = [await instance(), await instance()];
    const scope = newTenant();
    const writers = Promise.all(upTo(60).map(() => record(writer, scope)));
    for (let seen: number[] = []; seen.length < 60;) {
      seen = await sequencesOf(reader, scope);
      // SQLite answers a reader within one turn of the event loop, and the thread that writes answers in another.
      await setImmediate();
      expect(seen).toEqual(upTo(seen.length));
    }
    await writers;
  });

  it('the numbers of events that share a transaction are taken by one call for all of their histories', async () => {
    const database = await instance();
    const [one, other] = [newTenant(), newTenant()];
    await database.platform(platform, async (tx) => {
      tx.housekeeping('recorded below');
      const events = [keyEvents.used('key'), keyEvents.used('key')];
      await recordEvents(
        tx,
        [one, other, one].map((scope) => ({ scope, events })),
      );
    });
    expect(await sequencesOf(database, one)).toEqual(upTo(4));
    expect(await sequencesOf(database, other)).toEqual(upTo(2));
  });

  it('the numbers of events of another tenant cannot be taken', async () => {
    const database = await instance();
    const taking = database.transaction(newTenant(), (tx) =>
      tx.takeNumbers(HistorySize, newTenant().tenantId, 'size', 1),
    );
    await expect(taking).rejects.toThrow('taken by the tenant');
  });
});

describe('the migration', () => {
  it('the migration numbers the events that are there in the order of their ids, and they continue from there', async () => {
    const database = await instance();
    const [one, other] = [newTenant(), newTenant()];
    await record(database, one, 3);
    await record(database, other, 2);
    const ids = async (): Promise<string[]> =>
      (await database.read(one, (view) => view.find(AuditEvent, {}, { order: { sequence: 'ASC' } }))).map(
        ({ id }) => id,
      );
    const before = await ids();
    await revertMigrations(test.url, async () => (await newestMigration(test)) === 'AuditFilters1763860000000');
    await database.migrate();
    await record(database, one);
    expect(await sequencesOf(database, one)).toEqual(upTo(4));
    expect(await sequencesOf(database, other)).toEqual(upTo(2));
    expect((await ids()).slice(0, 3)).toEqual(before);
    expect(before).toEqual(before.toSorted());
  });
});

async function newestMigration({ url }: TestDatabase): Promise<string | undefined> {
  const plain = await openPlainDataSource(url);
  const rows = await plain.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id DESC LIMIT 1');
  await plain.destroy();
  return rows[0]?.name;
}

describe('without the lock on the size of the history', () => {
  /** What `recordEvents` would be if it read the size and wrote it back. */
  const withoutLock: EventRecorder = async (given, works) => {
    await recordEvents(
      Object.create(given, {
        takeNumbers: {
          value: async (_entity: unknown, tenantId: string, _column: unknown, count: number) => {
            const tx = given as Tx;
            const size = (await tx.findOne(HistorySize, { tenantId }))?.size ?? 0;
            await tx.note(HistorySize, { tenantId }, { size: size + count });
            return size;
          },
        },
      }) as typeof given,
      works,
    );
  };

  // SQLite has one writer at a time: there is no race to lose.
  it.skipIf(testServerUrl === undefined)('without the lock two instances take the same number', async () => {
    const [first, second] = [await instance(withoutLock), await instance(withoutLock)];
    const scope = newTenant();
    await record(await instance(), scope);
    const outcomes = await Promise.allSettled(upTo(40).map((index) => record(index % 2 === 0 ? first : second, scope)));
    // The unique index stops the second of them: work that was wanted is lost.
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  });

  it('without the lock, numbers that are taken before the transaction have a gap where it fails', async () => {
    let next = 0;
    const counting = await instance(async (tx, works) => {
      const taken = next++;
      await recordEvents(Object.create(tx, { takeNumbers: { value: async () => taken } }) as typeof tx, works);
      if (taken === 1) throw new Error('the commit fails');
    });
    const scope = newTenant();
    await record(counting, scope);
    await expect(record(counting, scope)).rejects.toThrow('the commit fails');
    await record(counting, scope);
    expect(await sequencesOf(counting, scope)).toEqual([0, 2]);
  });
});
