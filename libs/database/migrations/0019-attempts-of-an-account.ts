import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, varchar } from '../schema.js';

const TABLE = 'password_attempts';
const BY_ACCOUNT = 'password_attempts_by_account';

/** Which counters belong to an account, so that its reset clears those of every network. */
export class AttemptsOfAnAccount1763940000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, TABLE, varchar('accountHash', 64, { nullable: true }));
    await addIndexes(runner, TABLE, index(BY_ACCOUNT, 'accountHash'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, TABLE, BY_ACCOUNT);
    await dropColumns(runner, TABLE, 'accountHash');
  }
}
