import { describe, expect, it } from 'vitest';

import type { TableRows } from '#database';

import { linesOf, rowsIn } from './rows.js';

async function* given<T>(...values: T[]): AsyncGenerator<T> {
  yield* values;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

const linesIn = async (tables: AsyncIterable<TableRows>): Promise<string[]> =>
  (await all(linesOf(tables))).join('').split('\n').slice(0, -1);

const columns = ['a', 'b'];
const bytes = Buffer.from([0, 255]);

describe('rows as lines', () => {
  it('rows as lines come back as they were: text, numbers, bytes and nothing', async () => {
    const rows = [
      ['x\ny\u2028"', 1],
      [null, 9_007_199_254_740_991],
      [bytes, ''],
    ];
    const lines = await linesIn(given({ table: 't', columns, rows }));
    expect(lines).toHaveLength(4);
    expect(await all(rowsIn(given(...lines)))).toEqual([{ table: 't', columns, rows }]);
  });

  it('rows as lines keep the tables apart, and name each once', async () => {
    const one = { table: 'one', columns, rows: [[1, 2]] };
    const two = { table: 'two', columns: ['c'], rows: [[3]] };
    const lines = await linesIn(
      given<TableRows>(one, { ...one, rows: [] }, { table: 'empty', columns, rows: [] }, two),
    );
    expect(lines).toHaveLength(5);
    expect(await all(rowsIn(given(...lines)))).toEqual([one, two]);
  });

  it('rows as lines are read in batches', async () => {
    const rows = Array.from({ length: 5 }, (_, index) => [index, index]);
    const lines = await linesIn(given({ table: 't', columns, rows }));
    expect((await all(rowsIn(given(...lines), 2))).map((batch) => batch.rows.length)).toEqual([2, 2, 1]);
  });

  it('a row before any table is rejected', async () => {
    await expect(all(rowsIn(given('[1]')))).rejects.toThrow('names no table');
  });
});
