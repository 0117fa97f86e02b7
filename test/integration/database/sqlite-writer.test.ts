import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { isUniqueViolation, meaningOf } from '../../../libs/database/driver-errors.js';
import type { TransactionPlan } from '../../../libs/database/transaction-plan.js';
import { SqliteWriter } from '../../../libs/database/sqlite-writer.js';
import { textOf } from '../../../libs/database/statements.js';

const folder = mkdtempSync(join(tmpdir(), 'chancery-writer-'));
let writer: SqliteWriter;
const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(undefined, (error: unknown) => error);

beforeAll(async () => {
  writer = new SqliteWriter({ path: join(folder, 'writer.db'), pragmas: ['journal_mode = WAL', 'busy_timeout = 0'] });
  await writer.query('CREATE TABLE things (id text PRIMARY KEY, flag int, bytes blob)');
});
afterAll(async () => {
  await writer.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the thread of the embedded database', () => {
  it('the thread of the embedded database takes and gives values as a connection on this thread does', async () => {
    const bytes = Buffer.from([0, 1, 255]);
    await writer.query('INSERT INTO things VALUES (?, ?, ?)', ['a', true, bytes]);
    expect(await writer.query('SELECT * FROM things WHERE id = ?', ['a'])).toEqual([{ id: 'a', flag: 1, bytes }]);
    const [row] = (await writer.query('SELECT bytes FROM things')) as { bytes: unknown }[];
    expect(Buffer.isBuffer(row!.bytes)).toBe(true);
    const changed = await writer.query('UPDATE things SET flag = 0', [], true);
    expect(changed).toMatchObject({ affected: 1 });
    const read = await writer.query('SELECT flag FROM things', [], true);
    expect(read).toMatchObject({ raw: [{ flag: 0 }], records: [{ flag: 0 }] });
  });

  it('the thread of the embedded database answers in the order in which it is asked', async () => {
    const answers = await Promise.all([1, 2, 3].map((number) => writer.query('SELECT ? AS number', [number])));
    expect(answers).toEqual([[{ number: 1 }], [{ number: 2 }], [{ number: 3 }]]);
  });

  it('the thread of the embedded database gives the errors of the driver with their codes', async () => {
    await writer.each('INSERT INTO things VALUES (?, 1, NULL)', [['b'], ['c']]);
    const error = await failureOf(writer.each('INSERT INTO things VALUES (?, 1, NULL)', [['d'], ['b'], ['e']]));
    expect(isUniqueViolation(error)).toBe(true);
    expect(await writer.query("SELECT id FROM things WHERE id IN ('d', 'e')")).toEqual([{ id: 'd' }]);
    expect(meaningOf(await failureOf(writer.query('SELECT nothing')))).toBe('fault');
    expect(writer.isUsable).toBe(true);
  });

  it('the thread of the embedded database that cannot open it is not usable, and each statement says so', async () => {
    const broken = new SqliteWriter({ path: join(folder, 'no such folder', 'writer.db'), pragmas: [] });
    const errors = await Promise.all([failureOf(broken.query('SELECT 1')), failureOf(broken.query('SELECT 2'))]);
    expect(errors.map(meaningOf)).toEqual(['unavailable', 'unavailable']);
    expect(broken.isUsable).toBe(false);
    expect(meaningOf(await failureOf(broken.query('SELECT 3')))).toBe('unavailable');
    await broken.close();
  });
});

describe('a planned transaction', () => {
  const SELECT = 'SELECT id AS key, version AS number FROM configurations WHERE id IN (?, ?)';
  const COUNTER = `INSERT INTO sizes VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET size = size + excluded.size
    RETURNING size AS raised`;
  const lines = (): Promise<unknown> => writer.query('SELECT number, text FROM lines ORDER BY number');
  const planOf = (assumed: readonly (readonly [string, number])[], texts: readonly string[]): TransactionPlan => ({
    assumptions: [
      {
        statement: SELECT,
        parameters: ['one', 'other'],
        assumed: new Map(assumed.map(([key, number]) => [key, textOf({ key, number })])),
      },
    ],
    steps: [{ statement: "UPDATE configurations SET used = 1 WHERE id = 'one'", parameters: [] }],
    numbered: [
      {
        counter: { statement: COUNTER, parameters: ['one', texts.length] },
        insert: 'INSERT INTO lines VALUES (?, ?)',
        places: '(?, ?)',
        rows: texts.map((text) => [undefined, text]),
        numberAt: 0,
      },
    ],
  });

  beforeAll(async () => {
    await writer.query('CREATE TABLE configurations (id text PRIMARY KEY, version int, used int)');
    await writer.query('CREATE TABLE sizes (id text PRIMARY KEY, size int)');
    await writer.query('CREATE TABLE lines (number int PRIMARY KEY, text text UNIQUE)');
  });
  beforeEach(async () => {
    for (const table of ['configurations', 'sizes', 'lines']) await writer.query(`DELETE FROM ${table}`);
    await writer.query("INSERT INTO configurations VALUES ('one', 1, 0), ('other', 7, 0)");
  });

  const current = [
    ['one', 1],
    ['other', 7],
  ] as const;

  it('a planned transaction numbers its rows behind those that are there', async () => {
    expect(await writer.carryOut(planOf(current, ['a', 'b']))).toBe(true);
    expect(await writer.carryOut(planOf(current, ['c']))).toBe(true);
    const numbered = ['a', 'b', 'c'].map((text, number) => ({ number, text }));
    expect(await lines()).toEqual(numbered);
    expect(await writer.query("SELECT used FROM configurations WHERE id = 'one'")).toEqual([{ used: 1 }]);
  });

  it.each([
    ['is another', [['one', 1] as const, ['other', 6] as const]],
    ['is not there', [...current, ['third', 1] as const]],
    ['was not assumed', [['one', 1] as const]],
  ])('a planned transaction changes nothing where a number %s', async (_, assumed) => {
    expect(await writer.carryOut(planOf(assumed, ['a']))).toBe(false);
    expect(await lines()).toEqual([]);
    expect(await writer.query('SELECT SUM(used) AS used FROM configurations')).toEqual([{ used: 0 }]);
  });

  it('a planned transaction that fails leaves nothing behind, and the next one is carried out', async () => {
    expect(isUniqueViolation(await failureOf(writer.carryOut(planOf(current, ['a', 'b', 'a']))))).toBe(true);
    expect(await lines()).toEqual([]);
    expect(await writer.carryOut(planOf(current, ['a']))).toBe(true);
    expect(await lines()).toEqual([{ number: 0, text: 'a' }]);
  });

  it('a planned transaction changes nothing while another connection writes', async () => {
    const other = new SqliteWriter({ path: join(folder, 'writer.db'), pragmas: ['busy_timeout = 0'] });
    await other.query('BEGIN IMMEDIATE');
    expect(await writer.carryOut(planOf(current, ['a']))).toBe(false);
    await other.query('COMMIT');
    await other.close();
    expect(await writer.carryOut(planOf(current, ['a']))).toBe(true);
  });
});
