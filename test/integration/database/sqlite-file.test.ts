import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
});
