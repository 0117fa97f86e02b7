import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Restorations } from '#backup';
import { ManualClock } from '#core';
import { Database } from '#database';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openModules } from '../../support/modules.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

const clock = new ManualClock();
let test: TestDatabase;
beforeAll(async () => {
  test = await createMigratedDatabase();
  await (await openModules(test.url, clock)).close();
});
afterAll(() => test.drop());

/** What a restore leaves behind that ended before anybody opened the database. */
async function leavePending(restoredAt: number): Promise<void> {
  const plain = await openPlainDataSource(test.url);
  const row = [
    `019a1b2c-3d4e-7f50-8a6b-${String(restoredAt).padStart(12, '0').slice(-12)}`,
    restoredAt - 1,
    restoredAt,
    'a'.repeat(64),
  ];
  await plain.query('INSERT INTO restorations (id, takenAt, restoredAt, backupSha256) VALUES (?, ?, ?, ?)', row);
  await plain.destroy();
}

async function eventsOfRestorations(): Promise<number> {
  const plain = await openPlainDataSource(test.url);
  const rows = await plain.query<unknown[]>("SELECT id FROM audit_events WHERE action = 'backup.restored'");
  await plain.destroy();
  return rows.length;
}

describe('a restoration that is not complete', () => {
  it('a restoration that is not complete is completed once, by the process that opens the database', async () => {
    const restoredAt = clock.now();
    await leavePending(restoredAt);
    for (let opening = 0; opening < 2; opening += 1) {
      const modules = await openModules(test.url, clock);
      expect(modules.get(Restorations).lastAt).toBe(restoredAt);
      await modules.close();
    }
    expect(await eventsOfRestorations()).toBe(1);
  });

  it('a restoration that is not complete stays so where the database refuses to note it', async () => {
    await leavePending(clock.now() + 1);
    const before = await eventsOfRestorations();
    const plain = await openPlainDataSource(test.url);
    const isServer = plain.options.type !== 'better-sqlite3';
    // The last statement of what follows is one that the database refuses.
    await plain.query(
      isServer
        ? "CREATE TRIGGER refuse BEFORE UPDATE ON restorations FOR EACH ROW SIGNAL SQLSTATE '45000'"
        : "CREATE TRIGGER refuse BEFORE UPDATE ON restorations BEGIN SELECT RAISE(ABORT, 'refused'); END",
    );
    await expect(openModules(test.url, clock)).rejects.toThrow(/.+/);
    expect(await eventsOfRestorations()).toBe(before);
    await plain.query('DROP TRIGGER refuse');
    await plain.destroy();
    const modules = await openModules(test.url, clock);
    expect(await eventsOfRestorations()).toBe(before + 1);
    expect(modules.get(Database)).toBeDefined();
    await modules.close();
  });
});
