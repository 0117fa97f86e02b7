import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { uuidv7 } from '#crypto';

import { openPlainDataSource } from '../../support/plain-data-source.js';
import { Gauge, Note, type Sample, note, noteEvents, openAgain, openSample, platform, tenantScope } from './sample.js';

const WRITERS = 50;

/** A promise that the test resolves. */
const signal = () => Promise.withResolvers<void>();

let sample: Sample;
beforeAll(async () => {
  sample = await openSample();
});
afterAll(() => sample.drop());

const names = async (scope = tenantScope()): Promise<string[]> =>
  sample.database.read(scope, async (view) => (await view.find(Note, {})).map(({ name }) => name).toSorted());

/** The negative controls: what `Database` exists for, whatever the run is for. */
describe('plain TypeORM on one SQLite connection', () => {
  let plain: DataSource;
  beforeEach(async () => {
    plain = await openPlainDataSource('sqlite::memory:');
    await plain.query('CREATE TABLE lines (name TEXT PRIMARY KEY)');
  });
  afterEach(() => plain.destroy());
  const add = (name: string) => `INSERT INTO lines VALUES ('${name}')`;

  it('plain TypeORM on one SQLite connection loses an acknowledged write when a transaction beside it rolls back', async () => {
    const [inserted, finish] = [signal(), signal()];
    const failing = plain.transaction(async (manager) => {
      await manager.query(add('unwanted'));
      inserted.resolve();
      await finish.promise;
      throw new Error('roll back');
    });
    await inserted.promise;
    await plain.query(add('acknowledged'));
    finish.resolve();
    await expect(failing).rejects.toThrow('roll back');
    expect(await plain.query('SELECT name FROM lines')).toEqual([]);
  });

  it('plain TypeORM on one SQLite connection commits what one transaction rolled back, and rolls back what the other committed', async () => {
    const [first, second] = [plain.createQueryRunner(), plain.createQueryRunner()];
    await first.startTransaction();
    await first.query(add('rolled back'));
    await second.startTransaction();
    await second.query(add('committed'));
    await first.rollbackTransaction();
    await second.commitTransaction();
    expect(await plain.query('SELECT name FROM lines')).toEqual([{ name: 'rolled back' }]);
  });
});

describe('a transaction that fails beside one that succeeds', () => {
  it('a transaction that fails beside one that succeeds does not change it', async () => {
    const scope = tenantScope();
    const [opened, finish] = [signal(), signal()];
    const failing = sample.database.transaction(scope, async (tx) => {
      await tx.insert(Note, note({ name: 'unwanted' }));
      opened.resolve();
      await finish.promise;
      throw new Error('roll back');
    });
    await opened.promise;
    const succeeding = sample.write(scope, { name: 'acknowledged' });
    const beside = names(scope);
    finish.resolve();
    await expect(failing).rejects.toThrow('roll back');
    await succeeding;
    expect(await beside).not.toContain('unwanted');
    expect(await names(scope)).toEqual(['acknowledged']);
  });

  it('of many transactions every acknowledged write is kept, and none of those that failed', async () => {
    const scope = tenantScope();
    const outcomes = await Promise.allSettled(
      Array.from({ length: WRITERS }, (_, index) =>
        sample.database.transaction(scope, async (tx) => {
          await tx.insert(Note, note({ name: `${index}` }));
          await yieldToEventLoop();
          tx.record(noteEvents.written(uuidv7(1)));
          if (index % 2 === 1) throw new Error('roll back');
          return `${index}`;
        }),
      ),
    );
    const acknowledged = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(acknowledged).toHaveLength(WRITERS / 2);
    expect(await names(scope)).toEqual(acknowledged.toSorted());
  });

  it('a transaction that fails rolls back the statements that a failed Promise.all left behind', async () => {
    const scope = tenantScope();
    for (const late of [0, 1, 2, 3, 5, 8]) {
      const abandoned = signal();
      await expect(
        sample.database.transaction(scope, async (tx) => {
          const straggler = async (): Promise<void> => {
            for (let turn = 0; turn < late; turn += 1) await yieldToEventLoop();
            await tx.insert(Note, note({ name: `straggler ${late}` }));
          };
          void straggler()
            .catch(() => undefined)
            .then(abandoned.resolve);
          await Promise.reject(new Error('roll back'));
        }),
      ).rejects.toThrow('roll back');
      await sample.write(scope, { name: `next ${late}` });
      await abandoned.promise;
    }
    expect(await names(scope)).toEqual([0, 1, 2, 3, 5, 8].map((late) => `next ${late}`));
  });
});

describe(`${WRITERS} writers at the same time`, () => {
  it(`${WRITERS} concurrent writers all store their row`, async () => {
    const scope = tenantScope();
    const rows = await Promise.all(Array.from({ length: WRITERS }, () => sample.write(scope)));
    expect(await names(scope)).toEqual(rows.map(({ name }) => name).toSorted());
  });

  it(`${WRITERS} concurrent writers count exactly, each reading under the lock what the one before wrote`, async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    await Promise.all(
      Array.from({ length: WRITERS }, () =>
        sample.database.transaction(scope, async (tx) => {
          const { count } = await tx.lock(Note, { id });
          await yieldToEventLoop();
          await tx.update(Note, { id }, { count: count + 1 });
          tx.record(noteEvents.changed(id));
        }),
      ),
    );
    const row = await sample.database.read(scope, (view) => view.get(Note, { id }));
    expect(row).toMatchObject({ count: WRITERS, version: WRITERS + 1 });
  });

  it(`${WRITERS} concurrent writers count exactly in two processes that share the database`, async () => {
    const other = await openAgain(sample);
    await sample.database.platform(platform, async (tx) => {
      tx.housekeeping('test');
      await tx.insert(Gauge, { name: 'shared', reading: 0 });
    });
    await Promise.all(
      Array.from({ length: WRITERS }, (_, index) =>
        (index % 2 === 0 ? sample.database : other).platform(platform, async (tx) => {
          tx.housekeeping('test');
          const { reading } = await tx.lock(Gauge, { name: 'shared' });
          await yieldToEventLoop();
          await tx.update(Gauge, { name: 'shared' }, { reading: reading + 1 });
        }),
      ),
    );
    const { reading } = await other.readPlatform(platform, (view) => view.get(Gauge, { name: 'shared' }));
    expect(reading).toBe(WRITERS);
    await other.close();
  });
});
