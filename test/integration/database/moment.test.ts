import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Database, TransactionMisuse } from '#database';

import { Note, type Sample, note, openAgain, openSample, platform, tenantScope } from './sample.js';

let sample: Sample;
let database: Database;
/** Another process. */
let other: Database;
beforeAll(async () => {
  sample = await openSample();
  ({ database } = sample);
  other = await openAgain(sample);
});
afterAll(async () => {
  await other.close();
  await sample.drop();
});

describe('what is read at one moment', () => {
  it('what is read at one moment is not what is written meanwhile, and other reads see that at the same time', async () => {
    const scope = tenantScope();
    const names = (of: Database): Promise<string[]> =>
      of.read(scope, async (view) => (await view.find(Note, {}, { order: { name: 'ASC' } })).map(({ name }) => name));
    const write = (name: string): Promise<void> =>
      other.transaction(scope, async (tx) => {
        tx.housekeeping('test');
        await tx.insert(Note, note({ name }));
      });
    await write('a');
    const moment = await database.moment(scope, async () => {
      const before = await names(database);
      await write('b');
      const counted = await database.readPlatform(platform, (view) => view.count(Note, { tenantId: scope.tenantId }));
      return { before, after: await names(database), counted, elsewhere: await names(other) };
    });
    expect(moment).toEqual({ before: ['a'], after: ['a'], counted: 1, elsewhere: ['a', 'b'] });
    expect(await names(database)).toEqual(['a', 'b']);
  });

  it('what is read at one moment can fail, and the next moment is another one', async () => {
    const scope = tenantScope();
    const failing = database.moment(scope, async () => {
      await database.read(scope, (view) => view.find(Note, {}));
      throw new Error('of the caller');
    });
    await expect(failing).rejects.toThrow('of the caller');
    const { id } = await sample.write(scope);
    const found = await Promise.all(
      [1, 2, 3].map(() => database.moment(scope, () => database.read(scope, (view) => view.find(Note, {})))),
    );
    for (const rows of found) expect(rows).toMatchObject([{ id }]);
  });

  it('nothing is written at one moment, and a transaction has none', async () => {
    const scope = tenantScope();
    await expect(database.moment(scope, () => sample.write(scope))).rejects.toThrow(TransactionMisuse);
    const inside = database.transaction(scope, async () => database.moment(scope, async () => undefined));
    await expect(inside).rejects.toThrow(TransactionMisuse);
  });
});
