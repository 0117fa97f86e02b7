import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { DataSource, type DataSourceOptions, type EntityManager, MigrationExecutor, type QueryRunner } from 'typeorm';

import { FairQueue, INSTALLATION_ID } from '#core';
import { sqliteDialect } from './dialects.js';
import { isLostRace } from './driver-errors.js';
import { type Gateway, WAITING } from './gateway.js';
import { withManager } from './transaction-manager.js';
import type { Migrations } from './migrations/index.js';
import type { EntityClass } from './ownership.js';
import { SqliteWriter, onThread } from './sqlite-writer.js';

const BUSY_TIMEOUT_MILLISECONDS = 10_000;
const BEGIN_RETRY_MILLISECONDS = 10;
// A transaction begins up to four times, see `Database`: ten seconds in all.
const BEGIN_WAIT_MILLISECONDS = 2_500;
const MIGRATION_WAIT_MILLISECONDS = 600_000;

interface Pragmas {
  pragma(text: string): unknown;
}

/** Of the connection that writes, wherever it is. */
const WRITER_PRAGMAS = [
  'journal_mode = WAL',
  // Each commit reaches the disk before it is acknowledged; NORMAL would lose the last ones in a power cut.
  'synchronous = FULL',
];

/**
 * The embedded database has one writer. Hence one queue, fair among tenants, through which every transaction passes: two
 * that interleave on a connection would commit and roll back each other's statements. The connection is on a thread of its
 * own (`SqliteWriter`); TypeORM's is there for migrations and for what it knows of the entities. Plain reads use a third
 * one, read-only, which WAL shows committed data only.
 */
export async function openSqlite(
  path: string,
  entities: readonly EntityClass[],
  migrations: Migrations,
): Promise<Gateway> {
  const shared = { type: 'better-sqlite3' as const, database: path, entities: [...entities], logging: false };
  const { writer, reader } = await connected(shared, migrations);
  const queue = new FairQueue({ concurrency: 1, ...WAITING });
  /** Plain reads continue meanwhile, each by what is committed then: it has a connection of its own, one at a time. */
  const moments = new FairQueue({ concurrency: 1, ...WAITING });
  let momentReader: DataSource | undefined;

  let thread: SqliteWriter | undefined;
  let isClosed = false;
  /** Begins with the first transaction, and again where it has failed. */
  const usableThread = (): SqliteWriter => {
    if (isClosed) throw new Error('The database connection is not open');
    if (!thread?.isUsable) {
      // As TypeORM sets its own up; a lock of another process is waited for without blocking the thread: see `begin`.
      thread = new SqliteWriter({ path, pragmas: [...WRITER_PRAGMAS, 'foreign_keys = ON', 'busy_timeout = 0'] });
    }
    return thread;
  };

  // SQLite's DDL is transactional: all pending migrations or none, and a second process waits at BEGIN.
  const migrate = (): Promise<void> =>
    queue.run(INSTALLATION_ID, 1, () => {
      const executePending = async ({ queryRunner }: EntityManager): Promise<void> => {
        const executor = new MigrationExecutor(writer, queryRunner);
        executor.transaction = 'none';
        await executor.executePendingMigrations();
      };
      const runner = writer.createQueryRunner();
      // Released, it forgets how the tables were before.
      return inTransaction(runner, executePending, MIGRATION_WAIT_MILLISECONDS).finally(() => runner.release());
    });

  return {
    dialect: sqliteDialect,
    dataSource: writer,
    cipher: undefined,
    cluster: undefined,
    queue,
    write: ({ owner, rows }, work) =>
      queue.run(owner, rows, () => inTransaction(onThread(writer.createQueryRunner(), usableThread()), work)),
    writePlanned: ({ owner, rows }, plan) =>
      queue.run(owner, rows, async () => usableThread().carryOut(await plan(async () => reader.manager))),
    snapshot: async (work) => {
      const connection = await openReader(shared);
      try {
        // In WAL mode, all statements of a transaction see the moment of its first one.
        await connection.query('BEGIN');
        return await work((statement, parameters = []) => connection.query(statement, [...parameters]));
      } finally {
        await connection.destroy();
      }
    },
    readMoment: ({ owner, rows }, work) =>
      moments.run(owner, rows, async () => {
        momentReader ??= await openReader(shared);
        const { manager } = momentReader;
        // In WAL mode, all statements of a transaction see the moment of its first one.
        await manager.query('BEGIN');
        try {
          return await work(manager);
        } finally {
          await manager.query('COMMIT');
        }
      }),
    // It answers within the call: there is nothing to wait for.
    read: (_, work) => work(reader.manager),
    answers: () =>
      reader.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    migrate,
    close: async () => {
      await queue.run(INSTALLATION_ID, 1, async () => {
        isClosed = true;
        await thread?.close();
        await writer.destroy();
      });
      await reader.destroy();
      await moments.run(INSTALLATION_ID, 1, async () => momentReader?.destroy());
    },
  };
}

type FileOptions = Extract<DataSourceOptions, { type: 'better-sqlite3' }>;

const openReader = (shared: FileOptions): Promise<DataSource> =>
  new DataSource({ ...shared, readonly: true, timeout: BUSY_TIMEOUT_MILLISECONDS }).initialize();

/** @throws Error that names the file, where it cannot be made, read or written, or is none of SQLite */
async function connected(
  shared: FileOptions,
  migrations: Migrations,
): Promise<{ readonly writer: DataSource; readonly reader: DataSource }> {
  const { database: path } = shared;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    restrictToOwner(path);
    const writer = await new DataSource({
      ...shared,
      migrations: [...migrations],
      timeout: BUSY_TIMEOUT_MILLISECONDS,
      prepareDatabase: (database: Pragmas) => {
        for (const pragma of WRITER_PRAGMAS) database.pragma(pragma);
      },
    }).initialize();
    // From here on a lock of another process is waited for without blocking this one: see `begin`.
    await writer.query('PRAGMA busy_timeout = 0');
    const reader = await openReader(shared);
    return { writer, reader };
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`The database file ${path} (DATABASE_URL) cannot be used: ${why}`, { cause: error });
  }
}

async function inTransaction<T>(
  runner: QueryRunner,
  work: (manager: EntityManager) => Promise<T>,
  waitMilliseconds = BEGIN_WAIT_MILLISECONDS,
): Promise<T> {
  await begin(runner, waitMilliseconds);
  try {
    const result = await withManager(runner, work);
    await runner.query('COMMIT');
    return result;
  } catch (error) {
    // Where COMMIT itself failed, SQLite may have rolled back already.
    await runner.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** IMMEDIATE takes the write lock at the start: a deferred transaction that reads first cannot upgrade and fails. */
async function begin(runner: QueryRunner, waitMilliseconds: number): Promise<void> {
  for (let waited = 0; ; waited += BEGIN_RETRY_MILLISECONDS) {
    try {
      await runner.query('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isLostRace(error) || waited >= waitMilliseconds) throw error;
      await delay(BEGIN_RETRY_MILLISECONDS);
    }
  }
}

/**
 * Only the owner of the process may read the data of all tenants. SQLite gives its `-wal` and `-shm` files the mode of
 * the database file; those that an earlier version left are restricted, too.
 */
function restrictToOwner(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file) && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
}
