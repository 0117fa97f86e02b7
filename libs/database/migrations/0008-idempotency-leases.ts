import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant, reference } from '../schema.js';

const RECORDS = 'idempotency_records';
const BY_OWNER = 'idempotency_records_by_owner';
const BY_ANSWER_END = 'idempotency_records_by_answer_end';

/**
 * A claim on an idempotency key is a lease with an owner. Answers that were stored before may hold secrets: they are
 * erased, and their keys answer 410 until they are forgotten.
 */
export class IdempotencyLeases1763830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      RECORDS,
      reference('ownerId', { nullable: true }),
      instant('leaseUntil', { nullable: true }),
      instant('answerUntil', { nullable: true }),
    );
    await addIndexes(runner, RECORDS, index(BY_OWNER, 'ownerId'), index(BY_ANSWER_END, 'answerUntil'));
    await runner.query(`UPDATE ${RECORDS} SET sealedAnswer = NULL WHERE sealedAnswer IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, RECORDS, BY_OWNER, BY_ANSWER_END);
    await dropColumns(runner, RECORDS, 'ownerId', 'leaseUntil', 'answerUntil');
  }
}
