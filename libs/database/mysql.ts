import { createConnection, type Connection, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { DataSource, type EntityManager, type Logger, type QueryRunner } from 'typeorm';

import { FairQueue } from '#core';
import { type Dialect, isStatementTimeout, mariadbDialect, mysqlDialect } from './dialects.js';
import { type Gateway, WAITING } from './gateway.js';
import { lending } from './lending.js';
import { migrations } from './migrations/index.js';
import type { EntityClass } from './ownership.js';

const POOL_SIZE = 20;
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;
const MIGRATION_WAIT_SECONDS = 600;
const STATEMENT_TIMEOUT_MILLISECONDS = 10_000;

/** TypeORM would print statements that time out together with their parameters, and so with secrets. */
const silent: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

export interface MysqlOptions {
  /** Warn instead of refusing to start on settings that can lose or merge data. */
  readonly allowUnsafe: boolean;
  readonly warn: (message: string) => void;
  /** How long one statement may take before the database counts as unavailable. */
  readonly statementTimeoutMilliseconds?: number | undefined;
}

interface ServerSettings {
  version: string;
  collation: string;
  flushAtCommit: number;
  logBin: number;
  syncBinlog: number;
  sqlMode: string;
}

export async function openMysql(
  url: string,
  entities: readonly EntityClass[],
  options: MysqlOptions,
): Promise<Gateway> {
  const { dialect, findings } = await probe(url);
  if (findings.length > 0) {
    const message = `The database's settings are not safe for this data:\n- ${findings.join('\n- ')}`;
    if (!options.allowUnsafe) throw new Error(message);
    options.warn(message);
  }
  const shared = {
    type: dialect.name as 'mysql' | 'mariadb',
    url,
    entities: [...entities],
    migrations: [...migrations],
    logger: silent,
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
  };
  const dataSource = await new DataSource({
    ...shared,
    poolSize: POOL_SIZE,
    // A database that hangs must not hold callers for ever.
    enableQueryTimeout: true,
    maxQueryExecutionTime: options.statementTimeoutMilliseconds ?? STATEMENT_TIMEOUT_MILLISECONDS,
  }).initialize();

  // Reads and transactions share the connections; the pool's own line knows no tenants and would serve the loudest.
  const queue = new FairQueue({ concurrency: POOL_SIZE, ...WAITING });

  const onConnection = async <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> => {
    const runner = dataSource.createQueryRunner();
    try {
      // At once, so that the runner holds the connection itself and not only what it lends.
      await runner.connect();
      return await work(runner);
    } catch (error) {
      if (isStatementTimeout(error)) await discard(runner);
      throw error;
    } finally {
      await runner.release();
    }
  };

  /** On a connection of its own: changing a large table takes longer than a statement of daily work may. */
  const migrating = (work: (migrator: DataSource) => Promise<unknown>): Promise<void> =>
    holdingMigrationLock(url, async () => {
      const migrator = await new DataSource({ ...shared, poolSize: 1 }).initialize();
      try {
        await work(migrator);
      } finally {
        await migrator.destroy();
      }
    });

  return {
    dialect,
    dataSource,
    write: ({ owner, rows }, work) =>
      queue.run(owner, rows, () => onConnection((runner) => inTransaction(runner, work))),
    read: ({ owner, rows }, work) => queue.run(owner, rows, () => onConnection((runner) => lending(runner, work))),
    migrate: () => migrating((migrator) => migrator.runMigrations({ transaction: 'none' })),
    revert: () => migrating((migrator) => migrator.undoLastMigration({ transaction: 'none' })),
    close: () => dataSource.destroy(),
  };
}

/** Closes a connection whose state nobody knows; the server then rolls back what it began. */
async function discard(runner: QueryRunner): Promise<void> {
  ((await runner.connect()) as PoolConnection).destroy();
}

/** READ COMMITTED: under REPEATABLE READ a plain read before the row lock would decide on an old snapshot. */
async function inTransaction<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  await runner.startTransaction('READ COMMITTED');
  try {
    const result = await lending(runner, work);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (!isStatementTimeout(error)) await runner.rollbackTransaction().catch(() => discard(runner));
    throw error;
  }
}

/** Asks the server what it is and whether its settings keep what was acknowledged and tell apart what differs. */
async function probe(url: string): Promise<{ dialect: Dialect; findings: string[] }> {
  return connected(url, async (connection) => {
    const [rows] = await connection.query<(ServerSettings & RowDataPacket)[]>(
      `SELECT VERSION() AS version, @@collation_database AS collation, @@sql_mode AS sqlMode,
              @@innodb_flush_log_at_trx_commit AS flushAtCommit, @@log_bin AS logBin, @@sync_binlog AS syncBinlog`,
    );
    const settings = rows[0]!;
    const mariadb = settings.version.includes('MariaDB');
    return { dialect: mariadb ? mariadbDialect : mysqlDialect, findings: unsafeSettings(settings, mariadb) };
  });
}

/** The settings that can lose acknowledged data or treat different identifiers as equal; empty where all is well. */
export function unsafeSettings(settings: Omit<ServerSettings, 'version'>, mariadb: boolean): string[] {
  const collation = mariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const findings: string[] = [];
  if (settings.collation !== collation) {
    findings.push(
      `the database's collation is ${settings.collation}, which takes different identifiers for equal; ` +
        `run: ALTER DATABASE CHARACTER SET utf8mb4 COLLATE ${collation};`,
    );
  }
  if (settings.flushAtCommit !== 1) findings.push('innodb_flush_log_at_trx_commit must be 1');
  if (settings.logBin === 1 && settings.syncBinlog !== 1) findings.push('sync_binlog must be 1 while the binlog is on');
  if (!/STRICT_(TRANS|ALL)_TABLES/.test(settings.sqlMode)) findings.push('sql_mode must hold STRICT_TRANS_TABLES');
  return findings;
}

/**
 * MySQL commits each DDL statement by itself, so the lock is a row that another connection holds: it goes with that
 * connection if the process dies, and migrations are written so that a half-run one can be run again.
 */
async function holdingMigrationLock(url: string, work: () => Promise<void>): Promise<void> {
  await connected(url, async (connection) => {
    // First of all, because the INSERT already waits while another instance holds the row.
    await connection.query(`SET SESSION innodb_lock_wait_timeout = ${MIGRATION_WAIT_SECONDS}`);
    await connection.query('CREATE TABLE IF NOT EXISTS migration_lock (id INT PRIMARY KEY)');
    await connection.query('INSERT IGNORE INTO migration_lock (id) VALUES (1)');
    await connection.beginTransaction();
    await connection.query('SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE');
    await work();
    await connection.commit();
  });
}

async function connected<T>(url: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_TIMEOUT_MILLISECONDS });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
