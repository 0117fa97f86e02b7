import type { MigrationInterface, QueryRunner } from 'typeorm';

const RECORDS = 'idempotency_records';
const ANSWER = 'sealedAnswer';

/** The answer that is stored under an `Idempotency-Key` can have more than the 64 KiB that a blob of MySQL holds. SQLite knows no such limit. */
export class LargeAnswers1764178000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await setType(runner, 'MEDIUMBLOB');
  }

  /** An answer that is too large for the smaller column is erased: its request is answered with GONE, as after its time. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE ${RECORDS} SET ${ANSWER} = NULL WHERE LENGTH(${ANSWER}) > 65535`);
    await setType(runner, 'BLOB');
  }
}

/** By a statement of its own, which keeps what is stored: TypeORM drops a column whose type changes. */
async function setType(runner: QueryRunner, type: 'BLOB' | 'MEDIUMBLOB'): Promise<void> {
  if (runner.connection.options.type === 'better-sqlite3') return;
  await runner.query(`ALTER TABLE ${RECORDS} MODIFY ${ANSWER} ${type} NULL`);
}
