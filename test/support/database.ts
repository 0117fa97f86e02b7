import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type RowDataPacket, createConnection } from 'mysql2/promise';

import { auditEntities } from '#audit';
import { type Clock, ManualClock } from '#core';
import { type ConfigurationCheck, Database, type EntityClass, type EventRecorder } from '#database';

import { temporaryFolder } from '../../scripts/memory-folder.mjs';
import { openPlainDataSource } from './plain-data-source.js';
import { recordEvents } from './history.js';

export interface TestDatabase {
  readonly url: string;
  /** Removes everything; called by the test that made it. */
  drop(): Promise<void>;
}

/** The server of the MariaDB run; `undefined` on the SQLite run. */
export const testServerUrl: string | undefined = process.env.TEST_DATABASE_URL;

/** An empty database of its own for one test file, on whatever the run is for: for tests of migrations and first starts. */
export const createTestDatabase = (): Promise<TestDatabase> =>
  testServerUrl === undefined ? createFile() : createOnServer(testServerUrl);

/** A database of its own whose schema is the newest. It is a copy: the migrations run once in each process of tests. */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  template ??= migratedTemplate();
  const { file, statements } = await template;
  return testServerUrl === undefined ? createFile(file) : createOnServer(testServerUrl, statements);
}

/** What a migrated database is made from. */
interface Template {
  /** SQLite: the bytes of the file. */
  readonly file?: Buffer;
  /** MySQL and MariaDB: what creates the tables, and the rows that the migrations wrote. */
  readonly statements?: string;
}

let template: Promise<Template> | undefined;

async function migratedTemplate(): Promise<Template> {
  const test = await createTestDatabase();
  try {
    const options = { url: test.url, entities: [], clock: new ManualClock(), recorder: recordEvents };
    const database = await Database.open(options);
    await database.migrate();
    await database.close();
    return testServerUrl === undefined ? { file: await fileOf(test) } : { statements: await statementsOf(test) };
  } finally {
    await test.drop();
  }
}

async function fileOf({ url }: TestDatabase): Promise<Buffer> {
  const source = await openPlainDataSource(url);
  // What is still in the write-ahead log goes into the file itself.
  await source.query('PRAGMA wal_checkpoint(TRUNCATE)');
  await source.destroy();
  return readFileSync(url.slice('sqlite:'.length));
}

async function statementsOf({ url }: TestDatabase): Promise<string> {
  const connection = await createConnection({ uri: url });
  const rowsOf = async (query: string, table: string): Promise<unknown[][]> => {
    const sql = connection.format(query, [table]);
    return (await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true }))[0];
  };
  const statements: string[] = [];
  const [tables] = await connection.query<RowDataPacket[][]>({ sql: 'SHOW TABLES', rowsAsArray: true });
  for (const table of tables.map(([name]) => String(name))) {
    const [created] = await rowsOf('SHOW CREATE TABLE ??', table);
    statements.push(String(created![1]));
    const rows = await rowsOf('SELECT * FROM ??', table);
    if (rows.length > 0) statements.push(connection.format('INSERT INTO ?? VALUES ?', [table, rows]));
  }
  await connection.end();
  return statements.join(';\n');
}

async function createFile(content?: Buffer): Promise<TestDatabase> {
  const folder = mkdtempSync(join(temporaryFolder(), 'chancery-test-'));
  const path = join(folder, 'chancery.db');
  if (content) writeFileSync(path, content);
  return { url: `sqlite:${path}`, drop: async () => rmSync(folder, { recursive: true, force: true }) };
}

async function createOnServer(serverUrl: string, statements?: string): Promise<TestDatabase> {
  const name = `chancery_test_${randomUUID().replaceAll('-', '')}`;
  const server = await createConnection({ uri: serverUrl, multipleStatements: true });
  const [rows] = await server.query<RowDataPacket[]>('SELECT VERSION() AS version');
  const mariadb = String(rows[0]!['version']).includes('MariaDB');
  await server.query(
    `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`,
  );
  // Tables come in the order of their names, so that some refer to later ones.
  if (statements) await server.query(`USE ${name}; SET FOREIGN_KEY_CHECKS = 0; ${statements}`);
  const url = new URL(serverUrl);
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
  options: {
    clock?: Clock;
    recorder?: EventRecorder;
    migrate?: boolean;
    configurations?: ConfigurationCheck;
  } = {},
): Promise<OpenTestDatabase> {
  const { clock = new ManualClock(), recorder = recordEvents, migrate = true, configurations } = options;
  const test = migrate ? await createMigratedDatabase() : await createTestDatabase();
  const database = await Database.open({
    url: test.url,
    entities: [...auditEntities, ...entities],
    clock,
    recorder,
    configurations,
  });
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
