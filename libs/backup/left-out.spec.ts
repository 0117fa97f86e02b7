import { expect, it } from 'vitest';

import type { TableRows } from '#database';

import { withoutMonths } from './left-out.js';

const columns = ['id', 'sealedKey', 'month', 'tenantId', 'erasedAt'];
const key = Buffer.from('key');

async function restored(table: string): Promise<TableRows['rows'][number][]> {
  const rows = [
    ['1', key, '2026-01', 'one', null],
    ['2', key, '2026-02', 'one', null],
    ['3', key, '2026-01', 'other', null],
    ['4', null, '2026-03', 'one', 5],
  ];
  const tables = (async function* () {
    yield { table, columns, rows };
  })();
  const months = ['2026-01', '2026-03'].map((month) => ({ tenantId: 'one', month }));
  const found: TableRows['rows'][number][] = [];
  for await (const batch of withoutMonths(tables, months, 7)) found.push(...batch.rows);
  return found;
}

it('a restoration leaves out the keys of the months that were erased since, of their histories only', async () => {
  expect(await restored('history_months')).toEqual([
    ['1', null, '2026-01', 'one', 7],
    ['2', key, '2026-02', 'one', null],
    ['3', key, '2026-01', 'other', null],
    ['4', null, '2026-03', 'one', 5],
  ]);
});

it('a restoration leaves other tables as they are', async () => {
  expect((await restored('others')).every((row) => row[4] !== 7)).toBe(true);
});
