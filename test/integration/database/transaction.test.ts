import { inspect } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type DomainError, asDryRun, coreErrors, platformScope } from '#core';

import { uuidv7 } from '#crypto';
import { type Database, TransactionMisuse, type Tx } from '#database';

import { withCode } from '../../support/errors.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { Gauge, Note, type Sample, note, noteEvents, openAgain, openSample, platform, tenantScope } from './sample.js';
import { historyOf, recordEvents } from '../../support/history.js';

let sample: Sample;
let database: Database;
beforeAll(async () => {
  sample = await openSample();
  ({ database } = sample);
});
afterAll(() => sample.drop());

const targetsIn = async (scope: ReturnType<typeof tenantScope>): Promise<string[]> =>
  (await historyOf(database).list(scope, {}, {})).items.map(({ target }) => target.id);

describe('a transaction', () => {
  it('a transaction commits a change together with its event', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    expect(await targetsIn(scope)).toEqual([id]);
  });

  it('a transaction takes the event back with the change', async () => {
    const scope = tenantScope();
    const failing = database.transaction(scope, async (tx) => {
      await tx.insert(Note, note());
      tx.record(noteEvents.written(uuidv7(1)));
      throw new Error('roll back');
    });
    await expect(failing).rejects.toThrow('roll back');
    expect(await targetsIn(scope)).toEqual([]);
    expect(await database.read(scope, (view) => view.find(Note, {}))).toEqual([]);
  });

  it('a transaction of a dry run is rolled back, tells its events and has no effect once it ends, by whatever scope was made from its own', async () => {
    const scope = asDryRun(tenantScope());
    let effects = 0;
    const work = async (tx: Tx): Promise<void> => {
      const row = note();
      await tx.insert(Note, row);
      tx.onceCommitted(() => (effects += 1));
      tx.record(noteEvents.written(row.id, { tenantId: scope.tenantId }));
    };
    const attempts = [
      () => database.transaction(scope, work),
      () => database.transaction({ ...scope }, work),
      () => database.platform(platformScope(scope), (tx) => work(tx.ofTenant(scope.tenantId))),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ name: 'DryRunEnd', events: [{ action: 'note.written' }] });
    }
    await expect(database.commit(scope, async () => ({}) as never)).rejects.toThrow(TransactionMisuse);
    expect(await targetsIn(scope)).toEqual([]);
    expect(await database.read(scope, (view) => view.find(Note, {}))).toEqual([]);
    expect(effects).toBe(0);
  });

  it('a transaction takes the change back where the event cannot be recorded', async () => {
    const scope = tenantScope();
    const deaf = await openAgain(sample, {
      recorder: async () => {
        throw new Error('no history');
      },
    });
    const failing = deaf.transaction(scope, async (tx) => {
      await tx.insert(Note, note());
      tx.record(noteEvents.written(uuidv7(1)));
    });
    await expect(failing).rejects.toThrow('no history');
    expect(await deaf.read(scope, (view) => view.find(Note, {}))).toEqual([]);
    await deaf.close();
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ['insert', (tx) => tx.insert(Note, note())],
    ['insertIfAbsent', (tx) => tx.insertIfAbsent(Note, note())],
    ['update', (tx) => tx.update(Note, { name: 'x' }, { count: 1 })],
    ['increment', (tx) => tx.increment(Note, { name: 'x' }, 'count')],
    ['delete', (tx) => tx.delete(Note, { name: 'x' })],
    ['a write for the installation', (tx) => tx.installation.delete(Gauge, { name: 'x' })],
  ])('a transaction that wrote by %s and recorded nothing is rejected, and writes nothing', async (_name, write) => {
    const scope = tenantScope();
    await expect(database.transaction(scope, write)).rejects.toThrow('wrote and recorded nothing');
    expect(await database.read(scope, (view) => view.find(Note, {}))).toEqual([]);
  });

  it('a transaction may write without an event where it says why, and may record without a write', async () => {
    const scope = tenantScope();
    await database.transaction(scope, async (tx) => {
      tx.housekeeping('test');
      await tx.insert(Note, note());
    });
    await database.transaction(scope, async (tx) => tx.record(noteEvents.changed('seen')));
    expect(await targetsIn(scope)).toEqual(['seen']);
  });

  it('a transaction has one instant', async () => {
    await database.transaction(tenantScope(), async (tx) => {
      const before = tx.now;
      sample.clock.advance(1_000);
      expect([tx.now, tx.installation.now]).toEqual([before, before]);
    });
  });

  it('a transaction cannot be opened inside another one, nor be read past', async () => {
    const scope = tenantScope();
    const inside = (work: () => Promise<unknown>): Promise<unknown> => database.transaction(scope, work);
    const nothing = async (): Promise<undefined> => undefined;
    await expect(inside(() => database.transaction(scope, nothing))).rejects.toThrow('inside another');
    await expect(inside(() => database.platform(platform, nothing))).rejects.toThrow('inside another');
    await expect(inside(() => database.read(scope, nothing))).rejects.toThrow('read through it');
    await expect(inside(() => database.readPlatform(platform, nothing))).rejects.toThrow('read through it');
    await database.transaction(scope, nothing);
  });

  it('a transaction continues after a unique key that is taken', async () => {
    const scope = tenantScope();
    const duplicate = (): ReturnType<typeof coreErrors.WRONG_STATE> => coreErrors.WRONG_STATE();
    const { id, name } = await sample.write(scope);
    await database.transaction(scope, async (tx) => {
      tx.record(noteEvents.changed(id));
      await expect(tx.insert(Note, note({ name }), { duplicate })).rejects.toThrow(withCode('WRONG_STATE'));
      expect(await tx.insertIfAbsent(Note, note({ name }))).toBe(false);
      expect(await tx.insertIfAbsent(Note, note({ id, name: 'same id' }))).toBe(false);
      expect(await tx.insertIfAbsent(Note, note({ name: 'other' }))).toBe(true);
    });
    const names = (await database.read(scope, (view) => view.find(Note, {}))).map((row) => row.name);
    expect(names.toSorted()).toEqual([name, 'other'].toSorted());
  });
});

describe('a database that does not answer', () => {
  const change = (target: Database): Promise<unknown> =>
    target.transaction(tenantScope(), async (tx) => {
      await tx.insert(Note, note({ name: 'a secret' }));
      tx.record(noteEvents.written(uuidv7(1)));
    });
  const read = (target: Database): Promise<unknown> => target.read(tenantScope(), (view) => view.find(Note, {}));

  it('a closed database is DATABASE_UNAVAILABLE, because nothing could begin', async () => {
    const closed = await openAgain(sample);
    await closed.close();
    await expect(change(closed)).rejects.toThrow(withCode('DATABASE_UNAVAILABLE'));
    await expect(read(closed)).rejects.toThrow(withCode('DATABASE_UNAVAILABLE'));
  });

  it('a missing table is AUDIT_UNAVAILABLE for changes and DATABASE_UNAVAILABLE for reads, without the statement', async () => {
    const broken = await openSample();
    const plain = await openPlainDataSource(broken.url);
    await plain.query('DROP TABLE notes');
    await plain.destroy();
    const failure = await change(broken.database).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'AUDIT_UNAVAILABLE', retryAfterSeconds: 1 });
    expect((failure as Error).message).not.toMatch(/notes|INSERT/i);
    expect(inspect(failure, { depth: null })).not.toMatch(/a secret|INSERT/i);
    await expect(read(broken.database)).rejects.toThrow(withCode('DATABASE_UNAVAILABLE'));
    await broken.drop();
  });

  it('without a history there is no change', async () => {
    const broken = await openSample({ recorder: recordEvents });
    const plain = await openPlainDataSource(broken.url);
    await plain.query('DROP TABLE audit_events');
    await plain.destroy();
    await expect(change(broken.database)).rejects.toThrow(withCode('AUDIT_UNAVAILABLE'));
    expect(await broken.database.readPlatform(platform, (view) => view.find(Note, {}))).toEqual([]);
    await broken.drop();
  });

  it('a wrong statement of ours is INTERNAL_ERROR, without the statement', async () => {
    const scope = tenantScope();
    const { name } = await sample.write(scope);
    const wrong: Record<string, (tx: Tx) => Promise<unknown>> = {
      'a value that must not be NULL': (tx) => tx.insert(Note, { ...note(), name: null as unknown as string }),
      'a key that is taken': (tx) => tx.insert(Note, note({ name, labels: ['a secret'] })),
    };
    for (const [cause, work] of Object.entries(wrong)) {
      const failure = await database
        .transaction(scope, async (tx) => {
          tx.record(noteEvents.written(uuidv7(1)));
          await work(tx);
        })
        .catch((error: unknown) => error as Error);
      expect([cause, failure]).toMatchObject([cause, expect.objectContaining({ code: 'INTERNAL_ERROR' })]);
      expect((failure as DomainError).retryAfterSeconds).toBe(undefined);
      expect(inspect(failure, { depth: null })).not.toMatch(/a secret|INSERT/i);
    }
  });

  it('a database that does not answer is told apart from a mistake of ours', async () => {
    const mistake = (): Promise<never> => Promise.reject(new TypeError('a mistake'));
    await expect(database.transaction(tenantScope(), mistake)).rejects.toThrow(TypeError);
    await expect(database.read(tenantScope(), mistake)).rejects.toThrow(TypeError);
    await expect(database.read({ ...platform }, mistake)).rejects.toThrow(TransactionMisuse);
    await expect(database.transaction({ ...platform }, mistake)).rejects.toThrow(TransactionMisuse);
  });
});
