import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

import type { EntityManager, QueryRunner } from 'typeorm';

/**
 * Lends a connection to the work of one transaction, and takes it back at its end: from then on it refuses. A statement
 * that a failed `Promise.all` left behind would otherwise run in the next transaction, or outside of any.
 */
export async function lending<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  const lent = Object.create(runner, { isReleased: { value: false, writable: true } }) as QueryRunner & {
    isReleased: boolean;
  };
  try {
    return await work(runner.manager.dataSource.createEntityManager(lent));
  } catch (error) {
    lent.isReleased = true;
    // Statements that were on their way already still belong to this transaction, and go with it.
    await turnOfTheLoop();
    throw error;
  } finally {
    lent.isReleased = true;
  }
}
