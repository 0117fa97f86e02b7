import type { MigrationInterface, QueryRunner, TableColumnOptions, TableIndexOptions } from 'typeorm';

import { createTable, dropTables, index, instant, integer, key } from '../schema.js';

const TABLE = 'password_attempts';
const SHARED = [key('subjectHash', 64), integer('failures'), instant('lockedUntil'), instant('updatedAt')];

/**
 * Counters of password attempts by account and network, by account, and by session. Those from before counted by account
 * only: under the new subjects nothing would find them, and they are not taken over.
 */
export class AttemptCounters1763810000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    if (await runner.hasColumn(TABLE, 'expiresAt')) return;
    const added = [instant('succeededAt', { nullable: true }), instant('expiresAt')];
    await replace(runner, [...SHARED, ...added], index('password_attempts_by_expiry', 'expiresAt'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await replace(runner, SHARED, index('password_attempts_by_update', 'updatedAt'));
  }
}

async function replace(runner: QueryRunner, columns: TableColumnOptions[], by: TableIndexOptions): Promise<void> {
  await dropTables(runner, TABLE);
  await createTable(runner, TABLE, columns, [by]);
}
