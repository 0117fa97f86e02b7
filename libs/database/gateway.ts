import type { DataSource, EntityManager } from 'typeorm';

import type { FairQueue } from '#core';
import type { ClusterKind } from './cluster.js';
import type { Dialect } from './dialects.js';
import type { TransactionPlan } from './transaction-plan.js';
import type { Query } from './snapshot.js';

/** The owner of work: connections are shared fairly among owners (see `FairQueue`). */
export interface Share {
  /** The tenant, or the installation. */
  readonly owner: string;
  /** Estimated number of rows that it writes or reads: a batch uses as many turns as it has items. */
  readonly rows: number;
}

/** Makes a plan. @param reading what reads committed data */
export type Planning = (reading: () => Promise<EntityManager>) => Promise<TransactionPlan>;

/** How much may wait for a connection. One owner cannot take every place from the others. */
export const WAITING = { waitingMax: 2_000, waitingPerGroupMax: 500 } as const;

/** A connected database: runs transactions and reads. */
export interface Gateway {
  readonly dialect: Dialect;
  /** The TLS cipher suite of its connections; `undefined` for a file, or if they are not encrypted. */
  readonly cipher: string | undefined;
  /** The kind of the cluster that the server is part of. */
  readonly cluster: ClusterKind | undefined;
  /** For metadata and the drift check only. */
  readonly dataSource: DataSource;
  /**
   * Runs `work` in one transaction: commits if it returns, rolls back if it throws.
   * @throws BUSY if too much work waits, in total or of this owner
   */
  write<T>(share: Share, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /**
   * Carries out a transaction that is planned when its turn has come; absent where that is no quicker than `write`.
   * @param plan is given what reads committed data, outside of the transaction and until the plan is made
   * @param isTimely asked where it has waited for a lock: whether what was planned is right at that instant
   * @returns whether it is committed; otherwise nothing was done: a number or a row is another than was assumed, a key is not free, another process
   *   writes, it is not timely any more, or there is no connection
   * @throws BUSY as `write`
   */
  writePlanned?(share: Share, plan: Planning, isTimely: () => boolean): Promise<boolean>;
  /** Runs `work` on committed data, outside any transaction. @throws BUSY */
  read<T>(share: Share, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Runs `work` on what is committed at one moment: what is written meanwhile it does not see. @throws BUSY */
  readMoment<T>(share: Share, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** The line for its connections. */
  readonly queue: FairQueue;
  /** Runs `work` on one moment of the database, on a connection of its own: whatever is written meanwhile, it does not see. */
  snapshot<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Whether the database answers now, within seconds. */
  answers(): Promise<boolean>;
  /** Brings the schema up to date; of several instances that start together, one migrates and the others wait. */
  migrate(): Promise<void>;
  close(): Promise<void>;
}
