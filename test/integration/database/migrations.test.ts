import type { QueryRunner } from 'typeorm';
import { describe, expect, it } from 'vitest';

import { auditEntities } from '#audit';
import { ManualClock, systemClock } from '#core';
import { Database } from '#database';
import { factorEntities } from '#factors';
import { tenantEntities } from '#tenants';
import { vaultEntities } from '#vault';

import { migrations } from '../../../libs/database/migrations/index.js';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';
import { connectModules } from '../../support/modules.js';
import { openPlainDataSource, revertMigrations } from '../../support/plain-data-source.js';

const entities = [...auditEntities, ...vaultEntities, ...factorEntities, ...tenantEntities];
const [WrappedDataKey] = vaultEntities;

const open = ({ url }: TestDatabase): Promise<Database> =>
  Database.open({ url, entities, clock: systemClock, recorder: async () => undefined });

/** Runs `work` on a new database and removes it. */
async function onEmptyDatabase(work: (test: TestDatabase, database: Database) => Promise<void>): Promise<void> {
  const test = await createTestDatabase();
  const database = await open(test);
  await work(test, database);
  await database.close();
  await test.drop();
}

async function applied({ url }: TestDatabase): Promise<string[]> {
  const plain = await openPlainDataSource(url);
  const rows = await plain.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  await plain.destroy();
  return rows.map(({ name }) => name);
}

const all = migrations.map(({ name }) => name);

describe('the migrations', () => {
  it('the migrations lead from nothing to what the entities say, once', async () => {
    await onEmptyDatabase(async (test, database) => {
      expect(await database.hasTable(WrappedDataKey!)).toBe(false);
      expect(await database.drift()).not.toEqual([]);
      await database.migrate();
      await database.migrate();
      expect(await database.hasTable(WrappedDataKey!)).toBe(true);
      expect(await database.drift()).toEqual([]);
      expect(await applied(test)).toEqual(all);
    });
  });

  it('the migrations lead to what the entities of all libraries say', async () => {
    const test = await createTestDatabase();
    const modules = await connectModules(test.url, new ManualClock());
    const database = modules.get(Database);
    await database.migrate();
    expect(await database.drift()).toEqual([]);
    await modules.close();
    await test.drop();
  });

  it('the migrations lead back to nothing, and up again', async () => {
    await onEmptyDatabase(async (test, database) => {
      await database.migrate();
      let left = all.length;
      await revertMigrations(test.url, async () => left-- === 0);
      expect(await applied(test)).toEqual([]);
      expect(await database.hasTable(WrappedDataKey!)).toBe(false);
      await database.migrate();
      expect(await database.drift()).toEqual([]);
      expect(await applied(test)).toEqual(all);
    });
  });

  it('the migrations can be run again after being killed at any statement', async () => {
    await onEmptyDatabase(async (test, database) => {
      const plain = await openPlainDataSource(test.url);
      const runner = plain.createQueryRunner();
      for (let survives = 0; survives < 5; survives += 1) {
        const interrupted = interruptedAfter(runner, survives);
        const killed = async (): Promise<void> => {
          for (const Migration of migrations) await new Migration().up(interrupted);
        };
        await expect(killed()).rejects.toThrow('killed');
      }
      expect(await runner.hasTable('tenants')).toBe(true);
      await runner.release();
      await plain.destroy();
      await database.migrate();
      expect(await database.drift()).toEqual([]);
      expect(await applied(test)).toEqual(all);
    });
  });

  it('the migrations are applied once when several instances start at the same time', async () => {
    const test = await createTestDatabase();
    const instances = await Promise.all(Array.from({ length: 4 }, () => open(test)));
    await Promise.all(instances.map((instance) => instance.migrate()));
    expect(await applied(test)).toEqual(all);
    for (const instance of instances) {
      expect(await instance.drift()).toEqual([]);
      await instance.close();
    }
    await test.drop();
  });

  it('the migrations have names that sort by the time of their making', () => {
    const times = all.map((name) => Number(/\d{13}$/.exec(name)?.[0]));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
  });
});

/** A connection that breaks off after so many new tables. */
function interruptedAfter(runner: QueryRunner, tables: number): QueryRunner {
  let made = 0;
  const createTable: QueryRunner['createTable'] = async (table, ...rest) => {
    if (made === tables) throw new Error('killed');
    if (!(await runner.hasTable(table.name))) made += 1;
    return runner.createTable(table, ...rest);
  };
  return Object.create(runner, { createTable: { value: createTable } }) as QueryRunner;
}
