import { type Connection, createConnection } from 'mysql2/promise';

import type { MysqlConnectionOptions } from './tls.js';

/** A start waits for a server that does not listen yet; a request does not. */
export const START_CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** Runs `work` on a new connection, which is closed afterwards. */
export async function connected<T>(
  options: MysqlConnectionOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({ ...options, connectTimeout: START_CONNECT_TIMEOUT_MILLISECONDS });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
