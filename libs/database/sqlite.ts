import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { DataSource, type EntityManager, MigrationExecutor } from 'typeorm';

import { FairQueue, INSTALLATION_ID } from '#core';
import { sqliteDialect } from './dialects.js';
import { isLostRace } from './driver-errors.js';
import { type Gateway, WAITING } from './gateway.js';
import { withManager } from './transaction-manager.js';
import type { Migrations } from './migrations/index.js';
import type { EntityClass } from './ownership.js';

const BUSY_TIMEOUT_MILLISECONDS = 10_000;
const BEGIN_RETRY_MILLISECONDS = 10;
// A transaction begins up to four times, see `Database`: ten seconds in all.
const BEGIN_WAIT_MILLISECONDS = 2_500;
const MIGRATION_WAIT_MILLISECONDS = 600_000;

interface Pragmas {
  pragma(text: string): unknown;
}

/**
 * The embedded database. TypeORM shares one connection among all its query runners, so that two transactions that
 * interleave would commit and roll back each other's statements. Hence one queue, fair among
 * tenants, through which every transaction passes, and a second, read-only connection for plain reads, which WAL shows committed data only.
 */
export async function openSqlite(
  path: string,
  entities: readonly EntityClass[],
  migrations: Migrations,
): Promise<Gateway> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  restrictToOwner(path);
  const shared = { type: 'better-sqlite3' as const, database: path, entities: [...entities], logging: false };
  const writer = await new DataSource({
    ...shared,
    migrations: [...migrations],
    timeout: BUSY_TIMEOUT_MILLISECONDS,
    prepareDatabase: (database: Pragmas) => {
      database.pragma('journal_mode = WAL');
      // Each commit reaches the disk before it is acknowledged; NORMAL would lose the last ones in a power cut.
      database.pragma('synchronous = FULL');
    },
  }).initialize();
  // From here on a lock of another process is waited for without blocking this one: see `begin`.
  await writer.query('PRAGMA busy_timeout = 0');
  const reader = await new DataSource({ ...shared, readonly: true, timeout: BUSY_TIMEOUT_MILLISECONDS }).initialize();
  const queue = new FairQueue({ concurrency: 1, ...WAITING });

  /** IMMEDIATE takes the write lock at the start: a deferred transaction that reads first cannot upgrade and fails. */
  const begin = async (waitMilliseconds: number): Promise<void> => {
    for (let waited = 0; ; waited += BEGIN_RETRY_MILLISECONDS) {
      try {
        await writer.query('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!isLostRace(error) || waited >= waitMilliseconds) throw error;
        await delay(BEGIN_RETRY_MILLISECONDS);
      }
    }
  };

  const inTransaction = async <T>(
    work: (manager: EntityManager) => Promise<T>,
    waitMilliseconds = BEGIN_WAIT_MILLISECONDS,
  ): Promise<T> => {
    await begin(waitMilliseconds);
    try {
      const result = await withManager(writer.createQueryRunner(), work);
      await writer.query('COMMIT');
      return result;
    } catch (error) {
      // Where COMMIT itself failed, SQLite may have rolled back already.
      await writer.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };

  // SQLite's DDL is transactional: all pending migrations or none, and a second process waits at BEGIN.
  const migrating = (work: (executor: MigrationExecutor) => Promise<unknown>): Promise<void> =>
    queue.run(INSTALLATION_ID, 1, () =>
      inTransaction(async ({ queryRunner }) => {
        const executor = new MigrationExecutor(writer, queryRunner);
        executor.transaction = 'none';
        await work(executor);
      }, MIGRATION_WAIT_MILLISECONDS),
    );

  return {
    dialect: sqliteDialect,
    dataSource: writer,
    cipher: undefined,
    queue,
    write: ({ owner, rows }, work) => queue.run(owner, rows, () => inTransaction(work)),
    snapshot: async (work) => {
      const connection = await new DataSource({
        ...shared,
        readonly: true,
        timeout: BUSY_TIMEOUT_MILLISECONDS,
      }).initialize();
      try {
        // In WAL mode, all statements of a transaction see the moment of its first one.
        await connection.query('BEGIN');
        return await work((statement, parameters = []) => connection.query(statement, [...parameters]));
      } finally {
        await connection.destroy();
      }
    },
    // It answers within the call: there is nothing to wait for.
    read: (_, work) => work(reader.manager),
    answers: () =>
      reader.query('SELECT 1').then(
        () => true,
        () => false,
      ),
    migrate: () => migrating((executor) => executor.executePendingMigrations()),
    revert: () => migrating((executor) => executor.undoLastMigration()),
    close: async () => {
      await queue.run(INSTALLATION_ID, 1, () => writer.destroy());
      await reader.destroy();
    },
  };
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
