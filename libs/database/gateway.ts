import type { DataSource, EntityManager } from 'typeorm';

import type { Dialect } from './dialects.js';

/** One connected database: how a transaction and a plain read run on it. */
export interface Gateway {
  readonly dialect: Dialect;
  /** For metadata and the drift check only. */
  readonly dataSource: DataSource;
  /** Runs `work` in one transaction: commits what it returns from, rolls back what it throws out of. */
  write<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Runs `work` on committed data, outside any transaction. */
  read<T>(work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Brings the schema up to date; of several instances that start at once, one does it and the others wait. */
  migrate(): Promise<void>;
  /** Takes the newest migration back, excluding everybody else as `migrate` does. */
  revert(): Promise<void>;
  close(): Promise<void>;
}
