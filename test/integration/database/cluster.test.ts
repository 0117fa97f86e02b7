import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, testServerUrl } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { Note, type Sample, noteEvents, openAgain, openSample, tenantScope } from './sample.js';

// What is sent to a server that is declared to be part of a cluster. `test/faults/galera.test.ts` has a real one.

describe('locks of a cluster', () => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await openSample();
  });
  afterAll(() => sample.drop());

  /** How often locks were written, by transactions that are not committed yet, too. */
  async function turns(): Promise<number> {
    const plain = await openPlainDataSource(sample.url);
    if (testServerUrl !== undefined) await plain.query('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
    const [row] = await plain.query<{ turns: number | string | null }[]>('SELECT SUM(turns) AS turns FROM lock_slots');
    await plain.destroy();
    return Number(row!.turns);
  }

  async function lockOneWriteAnother(database: Sample['database']): Promise<void> {
    const scope = tenantScope();
    const [locked, written] = [await sample.write(scope), await sample.write(scope)];
    await database.transaction(scope, async (tx) => {
      await tx.lock(Note, { id: locked.id });
      await tx.update(Note, { id: written.id }, { count: 1 });
      tx.record(noteEvents.changed(written.id));
    });
  }

  it('a database that is no cluster writes nothing for a lock', async () => {
    await lockOneWriteAnother(sample.database);
    expect([sample.database.cluster, await turns()]).toEqual([undefined, 0]);
  });

  describe.skipIf(testServerUrl === undefined)('on a server', () => {
    it('in a cluster, a transaction that locks a row writes for the lock before it reads on', async () => {
      const database = await openAgain(sample, { cluster: 'galera' });
      const before = await turns();
      const scope = tenantScope();
      const { id } = await sample.write(scope);
      const uncommitted = await database.transaction(scope, async (tx) => {
        await tx.lock(Note, { id });
        return turns();
      });
      expect([database.cluster, uncommitted - before]).toEqual(['galera', 1]);
      await database.close();
    });

    it('a lock of a cluster leaves the version of the row that is locked as it is', async () => {
      const database = await openAgain(sample, { cluster: 'galera' });
      const scope = tenantScope();
      const [locked, written] = [await sample.write(scope), await sample.write(scope)];
      await database.transaction(scope, async (tx) => {
        await tx.lock(Note, { id: locked.id });
        await tx.delete(Note, { id: written.id });
        tx.record(noteEvents.deleted(written.id));
      });
      const after = await database.read(scope, (view) => view.get(Note, { id: locked.id }));
      expect(after.version).toBe(locked.version);
      await database.close();
    });

    it('migrations of a cluster wait for the lease of another instance, and take over one that is not extended', async () => {
      const test = await createTestDatabase();
      const plain = await openPlainDataSource(test.url);
      const columns = 'id INT PRIMARY KEY, holder VARCHAR(36) NOT NULL, expiresAt BIGINT NOT NULL';
      await plain.query(`CREATE TABLE migration_lease (${columns})`);
      await plain.query("INSERT INTO migration_lease VALUES (1, 'another', UNIX_TIMESTAMP() + 1000)");
      const database = await openAgain({ ...sample, url: test.url }, { cluster: 'galera' });
      const tables = async () => (await plain.query<object[]>('SHOW TABLES')).length;
      const migrating = database.migrate();
      await delay(500);
      expect(await tables()).toBe(1);
      // The process of the holder has ended.
      await plain.query('UPDATE migration_lease SET expiresAt = UNIX_TIMESTAMP() - 1');
      await migrating;
      expect(await tables()).toBeGreaterThan(10);
      const [lease] = await plain.query<{ expiresAt: number | string }[]>('SELECT expiresAt FROM migration_lease');
      expect(Number(lease!.expiresAt)).toBe(0);
      await database.close();
      await plain.destroy();
      await test.drop();
    });

    it('a server that does not know the setting for causal reads is warned of', async () => {
      const warnings: string[] = [];
      const database = await openAgain(sample, {
        cluster: 'group-replication',
        warn: (message) => warnings.push(message),
      });
      await lockOneWriteAnother(database);
      await database.close();
      expect(warnings).toEqual([expect.stringContaining('does not take group_replication_consistency=BEFORE')]);
    });
  });
});
