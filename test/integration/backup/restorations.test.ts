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

/** What the backup had: a credential of a workload that goes on, and a sign-in that waits at its provider. */
async function plantBackedUp(until: number): Promise<void> {
  const plain = await openPlainDataSource(test.url);
  const credential = [ID, ID, ID, ID, 'b'.repeat(64), 'c'.repeat(64), 0, until, until];
  const columns = 'id, tenantId, serviceId, trustId, lookupHash, replayKey, createdAt, expiresAt, keptUntil';
  await plain.query(`INSERT INTO workload_credentials (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, credential);
  await plain.query(
    'INSERT INTO identity_provider_sign_ins (lookupHash, identityProviderId, redirectUri, createdAt, expiresAt) VALUES (?, ?, ?, ?, ?)',
    ['d'.repeat(64), ID, 'http://127.0.0.1/', 0, until],
  );
  await plain.destroy();
}
const ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

describe('what was begun before a restoration', () => {
  it('what was begun before a restoration has ended: credentials of workloads, and sign-ins at providers', async () => {
    const restoredAt = clock.now() - 10;
    await plantBackedUp(clock.now() + 1_000);
    await leavePending(restoredAt);
    await (await openModules(test.url, clock)).close();
    const plain = await openPlainDataSource(test.url);
    const [credential] = await plain.query<object[]>('SELECT expiresAt, replayKey FROM workload_credentials');
    // The record of the exchange stays, so that the token is not exchanged again.
    expect(credential).toEqual({ expiresAt: expect.anything(), replayKey: 'c'.repeat(64) });
    expect(Number((credential as { expiresAt: number }).expiresAt)).toBe(restoredAt);
    expect(await plain.query('SELECT * FROM identity_provider_sign_ins')).toEqual([]);
    await plain.destroy();
  });
});

describe('a restoration that is not complete', () => {
  it('a restoration that is not complete is completed once, by the process that opens the database', async () => {
    const restoredAt = clock.now();
    const before = await eventsOfRestorations();
    await leavePending(restoredAt);
    for (let opening = 0; opening < 2; opening += 1) {
      const modules = await openModules(test.url, clock);
      expect(modules.get(Restorations).lastAt).toBe(restoredAt);
      await modules.close();
    }
    expect(await eventsOfRestorations()).toBe(before + 1);
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
