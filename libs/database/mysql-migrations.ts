import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

import type { ClusterKind } from './cluster.js';
import { isLostRace } from './driver-errors.js';
import { connected } from './mysql-connection.js';
import type { MysqlConnectionOptions } from './tls.js';

const MIGRATION_WAIT_SECONDS = 600;
const LEASE_SECONDS = 30;
const RENEW_EVERY_MILLISECONDS = 10_000;
const ASK_EVERY_MILLISECONDS = 200;
/** How many times a lease must be seen as expired before it is taken over. */
const EXPIRED_ASKS = 25;

/**
 * ER_GALERA_REPLICATION_NOT_SUPPORTED. MariaDB 10.11 refuses every UPDATE that joins a derived table, as a migration does, unless
 * `wsrep_max_ws_size` has its largest value, and says no more than this number.
 */
const REPLICATION_NOT_SUPPORTED = 4165;

function limitedWriteSets(error: unknown): Error | undefined {
  const { errno } = (error as { readonly driverError?: { readonly errno?: number } }).driverError ?? {};
  if (errno !== REPLICATION_NOT_SUPPORTED) return undefined;
  const remedy = 'SET GLOBAL wsrep_max_ws_size = 2147483647 (the default) on this server while the schema is migrated';
  return new Error(`Galera does not replicate a statement of a migration: ${remedy}`, { cause: error });
}

interface Lease {
  readonly expiresAt: number;
  readonly hasExpired: number;
}

/** Runs `work` when no other instance migrates this database. */
export async function holdingMigrations(
  options: MysqlConnectionOptions,
  cluster: ClusterKind | undefined,
  work: () => Promise<void>,
): Promise<void> {
  await connected(options, (connection) => (cluster ? holdingLease(connection, work) : holdingLock(connection, work)));
}

/**
 * MySQL commits each DDL statement by itself, so the lock is a row that another connection holds: it goes with that
 * connection if the process ends, and migrations are written so that a half-run one can be run again.
 */
async function holdingLock(connection: Connection, work: () => Promise<void>): Promise<void> {
  // First of all, because the INSERT already waits while another instance holds the row.
  await connection.query(`SET SESSION innodb_lock_wait_timeout = ${MIGRATION_WAIT_SECONDS}`);
  await connection.query('CREATE TABLE IF NOT EXISTS migration_lock (id INT PRIMARY KEY)');
  await connection.query('INSERT IGNORE INTO migration_lock (id) VALUES (1)');
  await connection.beginTransaction();
  await connection.query('SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE');
  await work();
  await connection.commit();
}

/**
 * In a cluster a locked row is seen by one server only, and a DDL statement of another ends the transaction that holds it.
 * So the lock is a row that is written, for a time that is extended as long as the work continues: after a process that has
 * ended, others wait for the rest of it.
 */
async function holdingLease(connection: Connection, work: () => Promise<void>): Promise<void> {
  const holder = randomUUID();
  const written = async (statement: string, values: readonly unknown[] = []): Promise<number> => {
    try {
      return (await connection.query<ResultSetHeader>(statement, [...values]))[0].affectedRows;
    } catch (error) {
      if (isLostRace(error)) return 0;
      throw error;
    }
  };
  await connection.query(
    'CREATE TABLE IF NOT EXISTS migration_lease (id INT PRIMARY KEY, holder VARCHAR(36) NOT NULL, expiresAt BIGINT NOT NULL)',
  );
  await written("INSERT IGNORE INTO migration_lease (id, holder, expiresAt) VALUES (1, '', 0)");
  const extend = `UPDATE migration_lease SET holder = ?, expiresAt = UNIX_TIMESTAMP() + ${LEASE_SECONDS} WHERE id = 1`;
  const asks = (MIGRATION_WAIT_SECONDS * 1000) / ASK_EVERY_MILLISECONDS;
  let seen: Lease | undefined;
  for (let ask = 1, timesSeen = 0; ; ask += 1) {
    if (ask > asks) throw new Error('Another instance has been migrating the database for ten minutes');
    const [[lease]] = await connection.query<(Lease & RowDataPacket)[]>(
      'SELECT expiresAt, expiresAt < UNIX_TIMESTAMP() AS hasExpired FROM migration_lease WHERE id = 1',
    );
    timesSeen = lease?.expiresAt === seen?.expiresAt ? timesSeen + 1 : 1;
    seen = lease;
    // A statement that changes a large table delays the extension of the lease, which follows it immediately.
    const isFree = lease?.expiresAt === 0 || (Number(lease?.hasExpired) === 1 && timesSeen > EXPIRED_ASKS);
    if (isFree && (await written(`${extend} AND expiresAt = ?`, [holder, lease!.expiresAt])) === 1) break;
    await delay(ASK_EVERY_MILLISECONDS);
  }
  const renew = (): void => void written(`${extend} AND holder = ?`, [holder, holder]).catch(() => 0);
  const renewal = setInterval(renew, RENEW_EVERY_MILLISECONDS);
  try {
    await work();
  } catch (error) {
    throw limitedWriteSets(error) ?? error;
  } finally {
    clearInterval(renewal);
    await written('UPDATE migration_lease SET expiresAt = 0 WHERE id = 1 AND holder = ?', [holder]);
  }
}
