import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { vi } from 'vitest';

/** The SQL statements that the servers of this process send to any database while `work` runs. */
export async function statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const spies = [
    vi.spyOn(BetterSqlite3QueryRunner.prototype, 'query'),
    vi.spyOn(MysqlQueryRunner.prototype, 'query'),
  ] as const;
  try {
    await work();
    return spies.flatMap((spy) => spy.mock.calls.map(([statement]) => statement));
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
