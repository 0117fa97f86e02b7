import { createConnection, type Connection, type PoolConnection, type RowDataPacket } from 'mysql2/promise';
import { DataSource, type EntityManager, type Logger, type QueryRunner } from 'typeorm';

import { FairQueue } from '#core';
import { CLUSTERS, type ClusterKind, type ClusterProbe, probeCluster } from './cluster.js';
import { widenLargeColumns } from './columns.js';
import type { MysqlTarget } from './connection-url.js';
import { type Dialect, mariadbDialect, mysqlDialect } from './dialects.js';
import { isStatementTimeout } from './driver-errors.js';
import { type Gateway, type Planning, type Share, WAITING } from './gateway.js';
import { withManager } from './transaction-manager.js';
import type { Migrations } from './migrations/index.js';
import { READ_COMMITTED, prepare } from './mysql-statements.js';
import type { EntityClass } from './ownership.js';
import type { Cell } from './snapshot.js';
import { START_CONNECT_TIMEOUT_MILLISECONDS, connected } from './mysql-connection.js';
import { holdingMigrations } from './mysql-migrations.js';
import { type ServerSettings, unsafeSettings } from './mysql-settings.js';
import { MysqlWriter } from './mysql-writer.js';
import { Reachability, Unreachable } from './reachability.js';
import { type DatabaseTls, type MysqlConnectionOptions, connectionOptions } from './tls.js';
import type { TransactionPlan } from './transaction-plan.js';

const POOL_SIZE = 20;
const CONNECT_TIMEOUT_MILLISECONDS = 3_000;
const ACQUIRE_TIMEOUT_MILLISECONDS = 5_000;
const STATEMENT_TIMEOUT_MILLISECONDS = 10_000;
/** For each of the two steps of a sign of life: a connection, where there is none yet, and its statement. */
const SIGN_OF_LIFE_TIMEOUT_MILLISECONDS = 2_000;
const SUSPECT_AFTER_MILLISECONDS = 1_500;
const CHECK_EVERY_MILLISECONDS = 500;

/** TypeORM would print statements that time out together with their parameters, and so with secrets. */
const silent: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

interface MysqlOptions {
  readonly tls: DatabaseTls;
  readonly cluster: ClusterKind | 'off' | undefined;
  /** Warn instead of refusing to start on settings that can lose or merge data. */
  readonly allowUnsafe: boolean;
  readonly warn: (message: string) => void;
  readonly migrations: Migrations;
  /** How long one statement may take before the database counts as unavailable. */
  readonly statementTimeoutMilliseconds?: number | undefined;
}

export async function openMysql(
  target: MysqlTarget,
  entities: readonly EntityClass[],
  options: MysqlOptions,
): Promise<Gateway> {
  const connection = connectionOptions(target, options.tls);
  const { dialect, findings, cipher, cluster } = await probe(connection, options.cluster).catch((error: unknown) => {
    throw explained(error, target);
  });
  // A server that continued without it would have the password by now: the driver does not, and this is the proof.
  if (options.tls.mode !== 'off' && cipher === undefined) throw new Error('The database server did not encrypt');
  if (findings.length > 0) {
    const message = `The database's settings are not safe for this data:\n- ${findings.join('\n- ')}`;
    if (!options.allowUnsafe) throw new Error(message);
    options.warn(message);
  }
  for (const warning of cluster.warnings) options.warn(warning);
  const isCausal = cluster.kind !== undefined && cluster.warnings.length === 0;
  const session = [READ_COMMITTED, ...(isCausal ? [CLUSTERS[cluster.kind].causalReads] : [])];
  const shared = {
    ...dataSourceOptions(connection),
    type: dialect.name as 'mysql' | 'mariadb',
    entities: [...entities],
    migrations: [...options.migrations],
    logger: silent,
    charset: 'utf8mb4',
    timezone: 'Z',
  };
  const statementTimeoutMilliseconds = options.statementTimeoutMilliseconds ?? STATEMENT_TIMEOUT_MILLISECONDS;
  const dataSource = await new DataSource({
    ...shared,
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    poolSize: POOL_SIZE,
    // A database that hangs must not block callers without limit.
    enableQueryTimeout: true,
    maxQueryExecutionTime: statementTimeoutMilliseconds,
  }).initialize();
  widenLargeColumns(dataSource.entityMetadatas);

  // Reads and transactions share the connections; the pool's own line knows no tenants and would serve the loudest.
  const queue = new FairQueue({ concurrency: POOL_SIZE, ...WAITING });

  const signOfLife = new SignOfLife(connection);
  const reachability = new Reachability({
    probe: () => signOfLife.ask(),
    suspectAfterMilliseconds: SUSPECT_AFTER_MILLISECONDS,
    checkEveryMilliseconds: CHECK_EVERY_MILLISECONDS,
  });

  // In a cluster, the beginning of a transaction waits for what others have committed, and a lock is written down.
  const writer =
    cluster.kind === undefined
      ? new MysqlWriter(dialect, {
          connection: { ...connection, charset: shared.charset, connectTimeout: CONNECT_TIMEOUT_MILLISECONDS },
          session,
          statementTimeoutMilliseconds,
        })
      : undefined;

  const onConnection = async <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> => {
    const runner = dataSource.createQueryRunner();
    // Before the work, so that the runner holds the connection itself and not only what it returns.
    await acquire(runner);
    try {
      await prepare(runner, session);
      return await work(runner);
    } catch (error) {
      if (isStatementTimeout(error)) await discard(runner);
      throw error;
    } finally {
      await runner.release();
    }
  };
  /** What is read for a plan is read by a connection of the pool: there is one for each turn, and the writer has its own. */
  const planned = async (plan: Planning): Promise<TransactionPlan> => {
    let runner: QueryRunner | undefined;
    const reading = async (): Promise<EntityManager> => {
      if (runner === undefined) {
        runner = dataSource.createQueryRunner();
        await acquire(runner);
        await prepare(runner, session);
      }
      return runner.manager;
    };
    try {
      return await plan(reading);
    } catch (error) {
      if (runner && isStatementTimeout(error)) await discard(runner);
      throw error;
    } finally {
      await runner?.release();
    }
  };
  const share = <T>({ owner, rows }: Share, work: (runner: QueryRunner) => Promise<T>): Promise<T> =>
    queue.run(owner, rows, () => reachability.run(() => onConnection(work)));

  /** On a connection of its own: changing a large table takes longer than a statement of daily work may. */
  const migrate = (): Promise<void> =>
    holdingMigrations(connection, cluster.kind, async () => {
      const connectTimeout = START_CONNECT_TIMEOUT_MILLISECONDS;
      const migrator = await new DataSource({ ...shared, connectTimeout, poolSize: 1 }).initialize();
      try {
        await migrator.runMigrations({ transaction: 'none' });
      } finally {
        await migrator.destroy();
      }
    });

  return {
    dialect,
    dataSource,
    cipher,
    cluster: cluster.kind,
    queue,
    write: (owner, work) => share(owner, (runner) => inTransaction(runner, work)),
    ...(writer && {
      writePlanned: ({ owner, rows }, plan, isTimely) =>
        queue.run(owner, rows, () => reachability.run(() => writer.carryOut(() => planned(plan), isTimely))),
    }),
    read: (owner, work) => share(owner, (runner) => withManager(runner, work)),
    readMoment: (owner, work) => share(owner, (runner) => atOneMoment(runner, work)),
    snapshot: (work) =>
      connected(connection, async (reading) => {
        for (const statement of session) await reading.query(statement);
        await reading.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await reading.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
        return work(async (statement, parameters = []) => {
          const [rows] = await reading.query<(Record<string, Cell> & RowDataPacket)[]>(statement, [...parameters]);
          return rows;
        });
      }),
    answers: () => reachability.answers(),
    migrate,
    close: async () => {
      reachability.close();
      signOfLife.close();
      writer?.close();
      await dataSource.destroy();
    },
  };
}

/** The same options in TypeORM's words. */
const dataSourceOptions = ({ user: username, stream, ...options }: MysqlConnectionOptions) => ({
  ...options,
  username,
  ...(stream === undefined ? {} : { extra: { stream } }),
});

/** Gives the runner its connection. @throws Unreachable where none is free in time */
async function acquire(runner: QueryRunner): Promise<void> {
  const connecting = runner.connect();
  const timeout = Promise.withResolvers<never>();
  const error = new Unreachable('No connection was free in time');
  const timer = setTimeout(() => timeout.reject(error), ACQUIRE_TIMEOUT_MILLISECONDS);
  try {
    await Promise.race([connecting, timeout.promise]);
  } catch (failure) {
    // One that comes too late goes back to the pool; where none comes, there is nothing to give back.
    connecting.then(
      () => runner.release(),
      () => undefined,
    );
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** The server accepts no further connection: it is full, and it answers. ER_CON_COUNT_ERROR and limits of the account. */
const FULL: readonly unknown[] = [1040, 1203, 1226];

/** Asks the server whether it answers, on a connection of its own: those of the pool may all be in use. */
class SignOfLife {
  #connection: Connection | undefined;

  constructor(private readonly options: MysqlConnectionOptions) {}

  async ask(): Promise<boolean> {
    try {
      this.#connection ??= await this.connect();
      await this.#connection.query({ sql: 'SELECT 1', timeout: SIGN_OF_LIFE_TIMEOUT_MILLISECONDS });
      return true;
    } catch (error) {
      this.close();
      return FULL.includes((error as { errno?: unknown }).errno);
    }
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  private async connect(): Promise<Connection> {
    const connectTimeout = SIGN_OF_LIFE_TIMEOUT_MILLISECONDS;
    const connection = await createConnection({ ...this.options, connectTimeout });
    // Between two questions: the next one finds out.
    connection.on('error', () => undefined);
    return connection;
  }
}

/** Closes a connection in an unknown state; the server then rolls back its transaction. */
async function discard(runner: QueryRunner): Promise<void> {
  ((await runner.connect()) as PoolConnection).destroy();
}

async function inTransaction<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  await runner.startTransaction();
  try {
    const result = await withManager(runner, work);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (!isStatementTimeout(error)) await runner.rollbackTransaction().catch(() => discard(runner));
    throw error;
  }
}

/** Reads in a transaction that sees what is committed at its beginning. */
async function atOneMoment<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  // Of the next transaction only.
  await runner.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await runner.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  try {
    const result = await withManager(runner, work);
    await runner.query('COMMIT');
    return result;
  } catch (error) {
    if (!isStatementTimeout(error)) await runner.query('ROLLBACK').catch(() => discard(runner));
    throw error;
  }
}

interface Probe {
  readonly dialect: Dialect;
  readonly findings: string[];
  /** The cipher suite of the connection; `undefined` where it is not encrypted. */
  readonly cipher: string | undefined;
  readonly cluster: ClusterProbe;
}

/** What an operator can do about TLS that does not come about. */
const TLS_FAILURES: Readonly<Record<string, string>> = {
  HANDSHAKE_NO_SSL_SUPPORT:
    'the server offers none. Configure its certificate, or set CHANCERY_DATABASE_TLS=off within a network that you trust',
  HANDSHAKE_SSL_ERROR:
    'set CHANCERY_DATABASE_TLS_CA_FILE to the certificate of the authority that issued that of the server, ' +
    'and CHANCERY_DATABASE_TLS_SERVER_NAME where it has another name than the host of DATABASE_URL',
};

/** The same with the server that it is about, and what an operator can do. */
function explained(error: unknown, { host, port }: MysqlTarget): Error {
  const { code, message, errors = [] } = error as Error & { code?: unknown; errors?: readonly Error[] };
  const advice = typeof code === 'string' ? TLS_FAILURES[code] : undefined;
  if (advice !== undefined)
    return new Error(`TLS with the database server failed (${message}): ${advice}`, { cause: error });
  // Where a name has several addresses, each of them has failed, and their error says nothing itself.
  const why = [message, ...errors.map((one) => one.message)].filter((text) => text !== '').join('; ');
  return new Error(`The database server at ${host}:${port} (DATABASE_URL) cannot be used: ${why}`, { cause: error });
}

/** Asks the server what it is and whether its settings keep what was acknowledged and tell apart what differs. */
async function probe(options: MysqlConnectionOptions, declared: MysqlOptions['cluster']): Promise<Probe> {
  return connected(options, async (connection) => {
    const [rows] = await connection.query<(ServerSettings & RowDataPacket)[]>(
      `SELECT VERSION() AS version, @@collation_database AS collation, @@sql_mode AS sqlMode,
              @@innodb_flush_log_at_trx_commit AS flushAtCommit, @@log_bin AS logBin, @@sync_binlog AS syncBinlog`,
    );
    const settings = rows[0]!;
    const mariadb = settings.version.includes('MariaDB');
    const [status] = await connection.query<({ Value: string } & RowDataPacket)[]>(
      "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
    );
    const cluster = await probeCluster(connection, declared);
    return {
      dialect: { ...(mariadb ? mariadbDialect : mysqlDialect), locksAreLocal: cluster.kind !== undefined },
      findings: unsafeSettings(settings, mariadb),
      cipher: status[0]?.Value || undefined,
      cluster,
    };
  });
}
