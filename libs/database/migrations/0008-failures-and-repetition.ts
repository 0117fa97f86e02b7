import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  addIndexes,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  id,
  index,
  instant,
  reference,
  sealed,
} from '../schema.js';

const RECORDS = 'idempotency_records';
const BY_OWNER = 'idempotency_records_by_owner';
const STORAGE_PROBE = 'storage_probe';
const BY_ANSWER_END = 'idempotency_records_by_answer_end';

/**
 * A claim on an idempotency key is a lease with an owner. Answers that were stored before may hold secrets: they are
 * erased, and their keys answer 410 until they are forgotten. And a table that tells whether a full database takes rows
 * again: it holds none but for that moment.
 */
export class FailuresAndRepetition1763830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      RECORDS,
      reference('ownerId', { nullable: true }),
      instant('leaseUntil', { nullable: true }),
      instant('answerUntil', { nullable: true }),
    );
    await addIndexes(runner, RECORDS, index(BY_OWNER, 'ownerId'), index(BY_ANSWER_END, 'answerUntil'));
    await createTable(runner, STORAGE_PROBE, [id(), sealed('filler')]);
    await runner.query(`UPDATE ${RECORDS} SET sealedAnswer = NULL WHERE sealedAnswer IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, STORAGE_PROBE);
    await dropIndexes(runner, RECORDS, BY_OWNER, BY_ANSWER_END);
    await dropColumns(runner, RECORDS, 'ownerId', 'leaseUntil', 'answerUntil');
  }
}
