import { setTimeout as delay } from 'node:timers/promises';

import { type RowDataPacket, createConnection } from 'mysql2/promise';

import { isDatabaseInstalled, startThrowawayDatabase } from '../../scripts/throwaway-database.mjs';

const POLL_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 60_000;

/** Who the product is for the servers: `root` may write also where a server is read-only. */
const USER = 'chancery';
const PASSWORD = 'a password of a test';

/** Why there can be no replication on this machine; `undefined` where there can. */
export const replicationAbsent: string | undefined = isDatabaseInstalled()
  ? undefined
  : 'mariadb-server is not installed';

/** `semi-synchronous`: a commit waits until a replica has its events; `asynchronous`: it does not. */
export type Replication = 'semi-synchronous' | 'asynchronous';

/** A server that was a primary, or is one. */
export interface ReplicatedServer {
  readonly port: number;
  /** As a power cut. */
  kill(): Promise<void>;
}

/** A primary and a replica, with the settings that the documentation names. */
export interface ReplicatedPair {
  readonly primary: ReplicatedServer;
  readonly replica: ReplicatedServer;
  /** Of the user of the product, at a port. */
  urlAt(port: number): string;
  /** Lets the replica receive nothing more. */
  cutOff(): Promise<void>;
  /** As an operator promotes it: everything that it has received is applied, then it accepts writes. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts two servers of MariaDB on the loopback interface, of which one replicates the other from its beginning on.
 * @param database is created on both, with a user who may use it and nothing else
 */
export async function startReplicatedPair(replication: Replication, database: string): Promise<ReplicatedPair> {
  const isWaiting = replication === 'semi-synchronous';
  const options = (serverId: number, ...more: readonly string[]): string[] => [
    `--server-id=${serverId}`,
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--sync-binlog=1',
    '--log-slave-updates=ON',
    '--gtid-strict-mode=ON',
    ...(isWaiting ? more : []),
  ];
  const first = await startThrowawayDatabase(
    options(
      1,
      '--rpl-semi-sync-master-enabled=ON',
      '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
      // Never without the replica: it would be asynchronous from then on.
      '--rpl-semi-sync-master-timeout=31536000000',
    ),
  );
  // Not as a primary, which it is not yet: what it applies would wait for a replica of its own.
  const second = await startThrowawayDatabase([...options(2, '--rpl-semi-sync-slave-enabled=ON'), '--read-only=ON']);
  const [primary, replica] = [serverOf(first), serverOf(second)];
  const stop = async (): Promise<void> => {
    await first.stop();
    await second.stop();
  };
  try {
    const source = `MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='root', MASTER_USE_GTID=slave_pos`;
    await ask(replica.port, `CHANGE MASTER TO ${source}`, 'START SLAVE');
    await awaitStatus(replica.port, (status) => status['Slave_IO_Running'] === 'Yes');
    await ask(
      primary.port,
      `CREATE USER ${USER}@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'`,
      `CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin`,
      `GRANT ALL ON ${database}.* TO ${USER}@'127.0.0.1'`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    primary,
    replica,
    urlAt: (port) => `mysql://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`,
    cutOff: () => ask(replica.port, 'STOP SLAVE IO_THREAD').then(() => undefined),
    promote: async () => {
      await ask(replica.port, 'STOP SLAVE IO_THREAD');
      await awaitStatus(
        replica.port,
        (status) => status['Slave_SQL_Running_State']?.startsWith('Slave has read all relay log') === true,
      );
      await ask(replica.port, 'STOP SLAVE', 'RESET SLAVE ALL', 'SET GLOBAL read_only = OFF');
    },
    stop,
  };
}

function serverOf({ url, pid }: { readonly url: string; readonly pid: number }): ReplicatedServer {
  return {
    port: Number(new URL(url).port),
    kill: async () => {
      process.kill(pid, 'SIGKILL');
      for (const deadline = Date.now() + PATIENCE_MILLISECONDS; Date.now() < deadline; await delay(POLL_MILLISECONDS)) {
        try {
          process.kill(pid, 0);
        } catch {
          return;
        }
      }
    },
  };
}

/** Sends statements as root. @returns the rows of the last one */
async function ask(port: number, ...statements: readonly string[]): Promise<readonly Record<string, string>[]> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' });
  try {
    let rows: unknown = [];
    for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement);
    return rows as readonly Record<string, string>[];
  } finally {
    await connection.end();
  }
}

/** Waits for a state of a replica. @throws Error with what it says of itself */
async function awaitStatus(port: number, isReached: (status: Record<string, string>) => boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MILLISECONDS; ; await delay(POLL_MILLISECONDS)) {
    const [status] = await ask(port, 'SHOW SLAVE STATUS');
    if (status && isReached(status)) return;
    if (Date.now() > deadline)
      throw new Error(`The replica is not where it was waited for:\n${JSON.stringify(status)}`);
  }
}
