import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { TenantScope } from '#core';
import { uuidv7 } from '#crypto';
import {
  type Database,
  In,
  IsNull,
  type KeysetOrder,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  MoreThanOrEqual,
  Not,
  type SeenVersions,
  type Tx,
  type Where,
} from '#database';

import { withCode } from '../../support/errors.js';
import {
  Gauge,
  Note,
  type Sample,
  note,
  noteEvents,
  noteLifecycle,
  openSample,
  platform,
  tenantScope,
} from './sample.js';

let sample: Sample;
let database: Database;
beforeAll(async () => {
  sample = await openSample();
  ({ database } = sample);
});
afterAll(() => sample.drop());

const changing = <T>(scope: TenantScope, work: (tx: Tx) => Promise<T>): Promise<T> =>
  database.transaction(scope, async (tx) => {
    tx.record(noteEvents.changed('test'));
    return work(tx);
  });
const stored = (scope: TenantScope, id: string): Promise<Note> =>
  database.read(scope, (view) => view.get(Note, { id }));

describe('a row', () => {
  it.each<[string, Partial<Note>]>([
    ['text of four bytes a character', { name: '𝄞 Größe 你好 🗝️' }],
    ['trailing blanks', { name: 'blank  ' }],
    ['quotes and backslashes', { name: `a'b"c\\d\`e%_` }],
    ['instants beyond 32 bits', { createdAt: Date.UTC(2999, 0), readAt: Number.MAX_SAFE_INTEGER }],
    ['booleans', { pinned: true }],
    ['JSON', { labels: ['b', 'a', '"', '𝄞'] }],
    ['bytes', { blob: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) }],
    ['no bytes', { blob: Buffer.alloc(0) }],
    ['a large blob', { blob: Buffer.alloc(1_000_000, 0xff) }],
  ])('a row is read as it was written: %s', async (_name, changes) => {
    const scope = tenantScope();
    const row = await sample.write(scope, changes);
    expect({ ...(await stored(scope, row.id)) }).toStrictEqual(row);
  });

  it('a row is told apart from one whose name differs in case, accents or trailing blanks only', async () => {
    const scope = tenantScope();
    const names = ['name', 'Name', 'name ', 'näme', 'na\u0308me'];
    for (const name of names) await sample.write(scope, { name });
    for (const name of names) {
      expect((await database.read(scope, (view) => view.find(Note, { name }))).map((row) => row.name)).toEqual([name]);
    }
  });
});

describe('a condition', () => {
  it('a condition by comparisons finds what the comparisons say, and so does one that TypeORM composes', async () => {
    const scope = tenantScope();
    const rows = await Promise.all(
      [0, 1, 2, 3, 4].map((count) =>
        sample.write(scope, { name: `n${count}`, count, pinned: count > 2, readAt: count === 4 ? 4 : null }),
      ),
    );
    const conditions: readonly (readonly [Where<Note>, (row: Note) => boolean])[] = [
      [{ count: Not(2) }, ({ count }) => count !== 2],
      [{ count: MoreThan(2), pinned: true }, ({ count }) => count > 2],
      [{ count: MoreThanOrEqual(2), name: Not('n3') }, ({ count }) => count === 2 || count === 4],
      [{ count: LessThan(2) }, ({ count }) => count < 2],
      [{ count: LessThanOrEqual(2) }, ({ count }) => count <= 2],
      [{ name: In(['n1', 'n3', 'other']) }, ({ count }) => count === 1 || count === 3],
      [{ name: In([]) }, () => false],
      [{ name: In(Array.from({ length: 40 }, (_, at) => `n${at}`)) }, () => true],
      [{ readAt: Not(4) }, () => false],
      [{ readAt: IsNull(), count: Not(0) }, ({ count }) => count > 0 && count < 4],
      [{ count: Not(In([1, 2])) }, ({ count }) => count !== 1 && count !== 2],
      [[{ count: 0 }, { count: MoreThan(3) }], ({ count }) => count === 0 || count > 3],
      [{}, () => true],
    ];
    for (const [where, matches] of conditions) {
      const found = await database.read(scope, (view) => view.find(Note, where));
      expect(found.toSorted((one, other) => one.count - other.count)).toEqual(rows.filter(matches));
    }
    expect(await database.read(scope, (view) => view.find(Note, { count: MoreThan(0) }, { limit: 2 }))).toHaveLength(2);
    expect(await database.read(scope, (view) => view.exists(Note, { count: MoreThan(3) }))).toBe(true);
    expect(await database.read(scope, (view) => view.exists(Note, { count: MoreThan(4) }))).toBe(false);
    expect(await database.read(tenantScope(), (view) => view.find(Note, { count: MoreThan(0) }))).toEqual([]);
  });
});

describe('a change', () => {
  it('a change raises the version, and answers what is stored', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    const changed = await changing(scope, (tx) => tx.change(Note, row, { count: 7 }, [1]));
    expect(changed).toMatchObject({ count: 7, version: 2 });
    expect({ ...(await stored(scope, row.id)) }).toEqual(changed);
  });

  it('a change is rejected where the caller or the transaction saw another version', async () => {
    const scope = tenantScope();
    const row = await sample.write(scope);
    await changing(scope, (tx) => tx.change(Note, row, { count: 1 }));
    const stale = (ifMatch?: SeenVersions): Promise<Note> =>
      changing(scope, (tx) => tx.change(Note, { ...row, version: ifMatch === undefined ? 1 : 2 }, {}, ifMatch));
    await expect(stale()).rejects.toThrow(withCode('PRECONDITION_FAILED'));
    await expect(stale([1])).rejects.toThrow(withCode('PRECONDITION_FAILED'));
    expect(await stored(scope, row.id)).toMatchObject({ count: 1, version: 2 });
  });

  it('a change is answered with the number of rows, also where it sets what is there already', async () => {
    await database.platform(platform, async (tx) => {
      tx.housekeeping('test');
      await tx.insert(Gauge, { name: 'same', reading: 1 });
      expect(await tx.update(Gauge, { name: 'same' }, { reading: 1 })).toBe(1);
      expect(await tx.update(Gauge, { name: 'absent' }, { reading: 1 })).toBe(0);
    });
  });

  it('a change by increment raises the counter and leaves the version, which ETag names', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    expect(await changing(scope, (tx) => tx.increment(Note, { id }, 'count'))).toBe(1);
    expect(await stored(scope, id)).toMatchObject({ count: 1, version: 1 });
  });

  it('a change of many rows takes those that match, and inserting none is nothing', async () => {
    const scope = tenantScope();
    for (let index = 0; index < 3; index += 1) await sample.write(scope, { name: `${index}` });
    expect(await changing(scope, (tx) => tx.update(Note, { name: Not('1') }, { count: 5 }))).toBe(2);
    expect(await changing(scope, (tx) => tx.delete(Note, { count: 5 }))).toBe(2);
    await changing(scope, (tx) => tx.insert(Note, []));
    expect(await database.read(scope, (view) => view.find(Note))).toHaveLength(1);
  });
});

describe('a transition', () => {
  const finish = (scope: TenantScope, id: string): Promise<Note> =>
    changing(scope, async (tx) => tx.transition(Note, await tx.lock(Note, { id }), noteLifecycle.event.finish));

  it('a transition follows the table, sets what goes with it, and names the state that does not permit it', async () => {
    const scope = tenantScope();
    const { id } = await sample.write(scope);
    await finish(scope, id);
    expect(await stored(scope, id)).toMatchObject({ state: 'done', readAt: sample.clock.now(), version: 2 });
    await expect(finish(scope, id)).rejects.toThrow('A note that is done cannot be finished');
    await expect(finish(scope, uuidv7(1))).rejects.toThrow(withCode('NOT_FOUND'));
  });

  it('a transition is won by one of 20 racers, in each of 10 rounds', async () => {
    const scope = tenantScope();
    for (let round = 0; round < 10; round += 1) {
      const { id } = await sample.write(scope);
      const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => finish(scope, id)));
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refusals.map(({ code }: { code: string }) => code)).toEqual(Array(19).fill('WRONG_STATE'));
      expect(await stored(scope, id)).toMatchObject({ state: 'done', version: 2 });
    }
  });
});

describe('a page', () => {
  const COUNTS = [3, 1, 2, 2, 2, 1, 3, 2, 1];
  let scope: TenantScope;
  let rows: Note[];
  beforeAll(async () => {
    scope = tenantScope();
    rows = [];
    for (const count of COUNTS) rows.push(await sample.write(scope, { count }));
  });

  const page = (order: KeysetOrder<Note>, request: { limit?: number; cursor?: string }) =>
    database.read(scope, (view) => view.page(Note, { count: Not(0) }, order, request));
  /** The same, looked for by each count alone. */
  const pageOfAny: typeof page = (order, request) =>
    database.read(scope, (view) =>
      view.pageOfAny(
        Note,
        [...new Set(COUNTS)].map((count) => ({ count })),
        order,
        request,
      ),
    );

  it.each<[string, KeysetOrder<Note>, (a: Note, b: Note) => number]>([
    [
      'up',
      [
        ['count', 'ASC'],
        ['id', 'ASC'],
      ],
      (a, b) => a.count - b.count || (a.id < b.id ? -1 : 1),
    ],
    [
      'down',
      [
        ['count', 'DESC'],
        ['id', 'DESC'],
      ],
      (a, b) => b.count - a.count || (a.id < b.id ? 1 : -1),
    ],
    [
      'down and up',
      [
        ['count', 'DESC'],
        ['id', 'ASC'],
      ],
      (a, b) => b.count - a.count || (a.id < b.id ? -1 : 1),
    ],
  ])('a page after the other shows each row once, %s, across equal sort keys', async (_name, order, compare) => {
    const expected = rows.toSorted(compare).map(({ id }) => id);
    const limits = [1, 2, 4, COUNTS.length, COUNTS.length + 1];
    const reads = [page, pageOfAny].flatMap((read) => limits.map((limit) => ({ read, limit })));
    for (const { read, limit } of reads) {
      const seen: string[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const { items, nextCursor } = await read(order, { limit, ...(cursor === null ? {} : { cursor }) });
        expect(items.length).toBeLessThanOrEqual(limit);
        seen.push(...items.map(({ id }) => id));
        cursor = nextCursor;
        pages += 1;
      } while (cursor !== null);
      expect(seen).toEqual(expected);
      expect(pages).toBe(Math.ceil(COUNTS.length / limit));
    }
  });

  it('a page does not shift when rows come and go before its cursor', async () => {
    const order: KeysetOrder<Note> = [['id', 'ASC']];
    const first = await page(order, { limit: 3 });
    await changing(scope, (tx) => tx.delete(Note, { id: first.items[0]!.id }));
    const second = await page(order, { limit: 3, cursor: first.nextCursor! });
    await changing(scope, (tx) => tx.insert(Note, { ...first.items[0]! }));
    expect(second.items.map(({ id }) => id)).toEqual(rows.slice(3, 6).map(({ id }) => id));
  });

  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    ['nothing', ''],
    ['no Base64', '%%%'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['no list', encoded({ count: 1 })],
    ['too few parts', encoded([1])],
    ['too many parts', encoded([1, 'a', 'b'])],
    ['a part that is null', encoded([null, 'a'])],
    ['a part that is an object', encoded([{ $gt: 0 }, 'a'])],
    ['a number without end', Buffer.from('[1e999,"a"]').toString('base64url')],
  ])('a page rejects a cursor that is %s', async (_name, cursor) => {
    const request = page(
      [
        ['count', 'ASC'],
        ['id', 'ASC'],
      ],
      { cursor },
    );
    await expect(request).rejects.toThrow(withCode('VALIDATION_ERROR'));
  });

  it('a page takes a cursor of another list as a position, and reveals nothing by it', async () => {
    const order: KeysetOrder<Note> = [
      ['count', 'ASC'],
      ['id', 'ASC'],
    ];
    for (const cursor of [encoded(['x', 5]), encoded([`' OR 1=1 --`, `" OR "1"="1`])]) {
      const { items } = await page(order, { cursor });
      expect(items.every(({ tenantId }) => tenantId === scope.tenantId)).toBe(true);
    }
  });

  it('the first row of each of several conditions is found by one statement, in the order of the list', async () => {
    const own = tenantScope();
    const rows = [2, 1, 2, 1].map((count, place) => note({ name: `note ${place}`, count }));
    await changing(own, (tx) => tx.insert(Note, rows));
    const firsts = (of: TenantScope) =>
      database.read(of, (view) =>
        view.firstOfEach(Note, [{ count: 2 }, { count: 9 }, { count: 1 }], [['name', 'DESC']]),
      );
    expect(await firsts(own)).toEqual([rows[2]!.id, undefined, rows[3]!.id]);
    expect(await firsts(tenantScope())).toEqual([undefined, undefined, undefined]);
  });

  it('a page is bounded whatever is asked for', async () => {
    await changing(scope, (tx) =>
      tx.insert(
        Note,
        Array.from({ length: 210 }, (_, index) => note({ name: `many ${index}`, count: 4 })),
      ),
    );
    expect((await page([['id', 'ASC']], { limit: 100_000 })).items).toHaveLength(200);
    expect((await page([['id', 'ASC']], { limit: -5 })).items).toHaveLength(1);
    expect((await page([['id', 'ASC']], {})).items).toHaveLength(50);
    expect(await database.read(scope, (view) => view.find(Note, {}, { limit: 7 }))).toHaveLength(7);
  });
});
