import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { createConnection } from 'mysql2/promise';

import { auditEntities, recordEvents } from '#audit';
import { type Clock, ManualClock } from '#core';
import { Database, type EntityClass, type EventRecorder } from '#database';

import { temporaryFolder } from '../../scripts/memory-folder.mjs';

export interface TestDatabase {
  readonly url: string;
  /** Removes everything; called by the test that made it. */
  drop(): Promise<void>;
}

/** The server of the MariaDB run; `undefined` on the SQLite run. */
export const testServerUrl: string | undefined = process.env.TEST_DATABASE_URL;

/** An empty database of its own for one test file, on whatever the run is for. */
export async function createTestDatabase(): Promise<TestDatabase> {
  if (testServerUrl === undefined) {
    const folder = mkdtempSync(join(temporaryFolder(), 'chancery-test-'));
    return {
      url: `sqlite:${join(folder, 'chancery.db')}`,
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  const name = `chancery_test_${randomUUID().replaceAll('-', '')}`;
  const server = await createConnection({ uri: testServerUrl });
  const [rows] = await server.query<never>('SELECT VERSION() AS version');
  const mariadb = (rows as { version: string }[])[0]!.version.includes('MariaDB');
  await server.query(
    `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`,
  );
  const url = new URL(testServerUrl);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: async () => {
      await server.query(`DROP DATABASE ${name}`);
      await server.end();
    },
  };
}

export interface OpenTestDatabase extends TestDatabase {
  readonly database: Database;
  readonly clock: Clock;
}

/** A migrated database, opened with the given entities beside the history's. */
export async function openTestDatabase(
  entities: readonly EntityClass[],
  options: { clock?: Clock; recorder?: EventRecorder; migrate?: boolean } = {},
): Promise<OpenTestDatabase> {
  const { clock = new ManualClock(), recorder = recordEvents, migrate = true } = options;
  const test = await createTestDatabase();
  const database = await Database.open({ url: test.url, entities: [...auditEntities, ...entities], clock, recorder });
  if (migrate) await database.migrate();
  return {
    ...test,
    database,
    clock,
    drop: async () => {
      await database.close();
      await test.drop();
    },
  };
}
