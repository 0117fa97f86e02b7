import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createConnection } from 'mysql2/promise';

/** An empty database of the bench's own, and a way to look into it that does not lead through the server. */
export interface BenchDatabase {
  readonly url: string;
  readonly title: string;
  /** The server that it is a database of; `undefined` for an embedded one. */
  readonly serverUrl: string | undefined;
  /** How many events of an action a tenant's history holds. */
  countEvents(tenantId: string, action: string): Promise<number>;
  /** Which of the tokens have an event in the tenant's history. */
  knownTokens(tenantId: string, tokenIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** A statement that changes rows, past the server. It has the words that both databases know. */
  write(statement: string, values: readonly (string | number)[]): Promise<void>;
  drop(): Promise<void>;
}

const BUSY_TIMEOUT_MILLISECONDS = 30_000;
const COUNT = 'SELECT COUNT(*) AS count FROM audit_events WHERE tenantId = ? AND action = ?';
const known = (count: number): string =>
  `SELECT tokenId FROM audit_events WHERE tenantId = ? AND tokenId IN (${Array.from({ length: count }, () => '?').join(', ')})`;

/** @param serverUrl `mysql://` of a server where databases may be created; embedded SQLite where it is `undefined` */
export const createBenchDatabase = (serverUrl: string | undefined): Promise<BenchDatabase> =>
  serverUrl === undefined ? createSqlite() : createMysql(serverUrl);

async function createSqlite(): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-data-'));
  const path = join(folder, 'chancery.db');
  let opened: DatabaseSync | undefined;
  const all = (statement: string, values: readonly string[]): Record<string, unknown>[] => {
    opened ??= new DatabaseSync(path, { readOnly: true });
    return opened.prepare(statement).all(...values) as Record<string, unknown>[];
  };
  return {
    url: `sqlite:${path}`,
    title: 'SQLite',
    serverUrl: undefined,
    countEvents: async (tenantId, action) => Number(all(COUNT, [tenantId, action])[0]?.['count']),
    knownTokens: async (tenantId, tokenIds) =>
      new Set(all(known(tokenIds.length), [tenantId, ...tokenIds]).map(({ tokenId }) => String(tokenId))),
    write: async (statement, values) => {
      const writing = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MILLISECONDS });
      writing.prepare(statement).run(...values);
      writing.close();
    },
    drop: async () => {
      opened?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createMysql(serverUrl: string): Promise<BenchDatabase> {
  const name = `chancery_bench_${randomUUID().replaceAll('-', '')}`;
  const connection = await createConnection({ uri: serverUrl });
  const all = async (statement: string, values: readonly string[] = []): Promise<Record<string, unknown>[]> => {
    const [rows] = await connection.query(statement, [...values]);
    return rows as Record<string, unknown>[];
  };
  const version = String((await all('SELECT VERSION() AS version'))[0]?.['version']);
  const collation = version.includes('MariaDB') ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  await all(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE ${collation}`);
  await all(`USE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    title: version,
    serverUrl,
    countEvents: async (tenantId, action) => Number((await all(COUNT, [tenantId, action]))[0]?.['count']),
    knownTokens: async (tenantId, tokenIds) =>
      new Set((await all(known(tokenIds.length), [tenantId, ...tokenIds])).map(({ tokenId }) => String(tokenId))),
    write: async (statement, values) => {
      await connection.query(statement, [...values]);
    },
    drop: async () => {
      await all(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}
