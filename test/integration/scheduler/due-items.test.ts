import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SECOND, type TenantScope } from '#core';
import { uuidv7 } from '#crypto';
import { type Database, LessThanOrEqual, type View } from '#database';
import { DueItems, ItemsFailed, purge } from '#scheduler';

import {
  Note,
  type Sample,
  note,
  noteEvents,
  noteLifecycle,
  openAgain,
  openSample,
  platform,
  tenantScope,
} from '../database/sample.js';

let sample: Sample;
let scope: TenantScope;

beforeEach(async () => {
  sample = await openSample();
  scope = tenantScope();
});
afterEach(() => sample.drop());

/** Notes that are due to be finished; those named `poison` fail. */
function dueNotes(
  attempts: string[] = [],
  database: Database = sample.database,
  before: () => Promise<void> = async () => undefined,
  select?: (view: View, rows: readonly Note[]) => Promise<readonly Note[]>,
): DueItems<Note> {
  return new DueItems<Note>(database, {
    kind: 'note',
    scope: platform,
    entity: Note,
    lists: [
      {
        where: (now) => ({ state: 'open', createdAt: LessThanOrEqual(now) }),
        dueColumn: 'createdAt',
      },
    ],
    select,
    handle: async ({ id, name, tenantId }) => {
      attempts.push(name);
      await before();
      if (name.startsWith('poison')) throw new Error(name);
      if (name.startsWith('later')) return false;
      return database.transaction({ ...scope, tenantId }, async (tx) => {
        await tx.transition(Note, await tx.get(Note, { id }), noteLifecycle.event.finish);
      });
    },
  });
}

/** All batches, as the scheduler asks for them. @returns the items that failed */
async function run(due: DueItems<Note>, limit: number): Promise<readonly string[]> {
  const failed: string[] = [];
  for (;;) {
    const attempted = await due.recordDue(limit).catch((error: unknown) => {
      if (!(error instanceof ItemsFailed)) throw error;
      failed.push(...error.failed.map(({ item }) => item));
      return error.attempted;
    });
    if (attempted < limit) return failed;
  }
}

const open = (): Promise<string[]> =>
  sample.database.read(scope, async (view) => (await view.find(Note, { state: 'open' })).map(({ name }) => name));

/** Rows that fall due in the order of their index. */
async function writeMany(count: number, name: (index: number) => string): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) =>
    note({ id: uuidv7(1), name: name(index), createdAt: index }),
  );
  await sample.database.transaction(scope, async (tx) => {
    for (let start = 0; start < count; start += 500) await tx.insert(Note, rows.slice(start, start + 500));
    tx.housekeeping('rows of a test');
  });
}

describe('due items', () => {
  it('due items are handled behind 2,000 rows that fail, which wait for their retry', async () => {
    await writeMany(2_001, (index) => (index < 2_000 ? `poison ${index}` : 'sound'));
    const attempts: string[] = [];
    const due = dueNotes(attempts);
    expect(await run(due, 500)).toHaveLength(2_000);
    expect(await open()).not.toContain('sound');

    attempts.length = 0;
    expect(await run(due, 500)).toEqual([]);
    expect(attempts).toEqual([]);
  });

  it('due items that fail are tried again with growing delays, and no longer once they succeed', async () => {
    const { id } = await sample.write(scope, { name: 'poison' });
    const attempts: string[] = [];
    const due = dueNotes(attempts);
    for (let second = 0; second < 100; second += 1) {
      await run(due, 10);
      sample.clock.advance(SECOND);
    }
    // At 0 s, and 10, 20 and 40 s after the failure before it.
    expect(attempts).toHaveLength(4);
    await sample.database.transaction(scope, async (tx) => {
      await tx.update(Note, { id }, { name: 'healed' });
      tx.record(noteEvents.changed(id));
    });
    sample.clock.advance(80 * SECOND);
    expect(await run(due, 10)).toEqual([]);
    expect(await open()).toEqual([]);
  });

  it('due items that stay due although nothing failed do not block the rows behind them', async () => {
    await writeMany(5, (index) => (index < 4 ? `later ${index}` : 'sound'));
    expect(await run(dueNotes(), 2)).toEqual([]);
    expect(await open()).toEqual(['later 0', 'later 1', 'later 2', 'later 3']);
  });

  it('due items are chosen by a read, and all of a page where the read fails', async () => {
    await writeMany(5, (index) => (index % 2 ? `waiting ${index}` : `sound ${index}`));
    const attempts: string[] = [];
    const choose = dueNotes(attempts, sample.database, undefined, async (_, rows) =>
      rows.filter(({ name }) => name.startsWith('sound')),
    );
    expect(await choose.recordDue(2)).toBe(2);
    expect(await choose.recordDue(2)).toBe(1);
    expect(attempts).toEqual(['sound 0', 'sound 2', 'sound 4']);
    attempts.length = 0;
    const fail = dueNotes(attempts, sample.database, undefined, () =>
      Promise.reject(new Error('a setting of a tenant')),
    );
    expect(await fail.recordDue(10)).toBe(2);
    expect(attempts).toEqual(['waiting 1', 'waiting 3']);
  });

  it('due items are left for a later run, without a count against any, once the database is not available', async () => {
    await writeMany(3, (index) => `note ${index}`);
    const other = await openAgain(sample);
    const attempts: string[] = [];
    const due = dueNotes(attempts, other, () => other.close());
    await expect(due.recordDue(10)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(attempts).toEqual(['note 0']);
  });
});

describe('purged rows', () => {
  const oldNotes = (): DueItems<Note> =>
    purge(sample.database, {
      kind: 'note',
      scope: platform,
      entity: Note,
      where: (now) => ({ createdAt: LessThanOrEqual(now - 10) }),
      dueColumn: 'createdAt',
      reason: 'old notes',
    });

  it('purged rows are those that are old enough, over all tenants, however many', async () => {
    const now = sample.clock.now();
    await writeMany(450, (index) => `old ${index}`);
    await sample.write(scope, { name: 'old enough', createdAt: now - 10 });
    await sample.write(tenantScope(), { name: "another tenant's", createdAt: 1 });
    await sample.write(scope, { name: 'too young', createdAt: now - 9 });
    expect(await oldNotes().recordDue(500)).toBe(452);
    expect(await open()).toEqual(['too young']);
    expect(await oldNotes().recordDue(500)).toBe(0);
  });
});
