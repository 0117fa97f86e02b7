import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ManualClock } from '#core';
import { Database } from '#database';

const folder = mkdtempSync(join(tmpdir(), 'chancery-mode-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const open = (path: string) =>
  Database.open({ url: `sqlite:${path}`, entities: [], clock: new ManualClock(), recorder: async () => undefined });

describe('the files of an SQLite database', () => {
  it('the files of an SQLite database are readable by their owner only, in a folder of the same kind', async () => {
    const path = join(folder, 'data', 'chancery.db');
    const database = await open(path);
    await database.migrate();
    expect([`${path}`, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual(['600', '600', '600']);
    expect(modeOf(join(folder, 'data'))).toBe('700');
    await database.close();
  });

  it('the files of an SQLite database that others could read are restricted at the next start', async () => {
    const path = join(folder, 'old.db');
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    const database = await open(path);
    expect(modeOf(path)).toBe('600');
    await database.close();
  });

  it('a file that is no SQLite database, and a path that leads through one, are named where they cannot be opened', async () => {
    const path = join(folder, 'text.db');
    writeFileSync(path, 'no database, and longer than the head of a file of SQLite, which has 100 bytes'.repeat(10));
    await expect(open(path)).rejects.toThrow(`The database file ${path} (DATABASE_URL) cannot be used: file is not a`);
    const below = join(path, 'c.db');
    await expect(open(below)).rejects.toThrow(`The database file ${below} (DATABASE_URL) cannot be used: `);
    expect(readFileSync(path, 'utf8')).toContain('no database');
  });
});
