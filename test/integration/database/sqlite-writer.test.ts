import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isUniqueViolation, meaningOf } from '../../../libs/database/driver-errors.js';
import { SqliteWriter } from '../../../libs/database/sqlite-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'chancery-writer-'));
let writer: SqliteWriter;
const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(undefined, (error: unknown) => error);

beforeAll(async () => {
  writer = new SqliteWriter({ path: join(folder, 'writer.db'), pragmas: ['journal_mode = WAL'] });
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
