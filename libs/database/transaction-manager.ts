import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import type { EntityManager, QueryRunner } from 'typeorm';

/**
 * Gives the work of one transaction a manager on its connection that refuses every statement after its end. One that a
 * failed `Promise.all` left behind would otherwise run in the next transaction, or outside of any.
 */
export async function withManager<T>(runner: QueryRunner, work: (manager: EntityManager) => Promise<T>): Promise<T> {
  const bounded = Object.create(runner, { isReleased: { value: false, writable: true } }) as QueryRunner & {
    isReleased: boolean;
  };
  try {
    return await work(runner.manager.dataSource.createEntityManager(bounded));
  } catch (error) {
    bounded.isReleased = true;
    // Statements that were on their way already still belong to this transaction, and go with it.
    await yieldToEventLoop();
    throw error;
  } finally {
    bounded.isReleased = true;
  }
}
