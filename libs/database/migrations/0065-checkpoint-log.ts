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
  text,
  unique,
  varchar,
} from '../schema.js';

const HEADS = 'history_heads';
const ENTER_AT = index('IDX_history_heads_enterAt', 'enterAt');

/** The log of the installation over the checkpoints of all histories. What was signed before is entered at the next start. */
export class CheckpointLog1764165000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'history_checkpoints',
      [
        id(),
        reference('tenantId'),
        instant('sequence'),
        instant('size'),
        text('note'),
        varchar('leafHash', 64),
        instant('enteredAt'),
      ],
      [
        unique('UQ_history_checkpoints_sequence', 'sequence'),
        index('IDX_history_checkpoints_tenantId_sequence', 'tenantId', 'sequence'),
      ],
    );
    await addColumns(runner, HEADS, instant('enterAt', { nullable: true }), instant('nextEntryAt', { nullable: true }));
    await addIndexes(runner, HEADS, ENTER_AT);
    await runner.query(`UPDATE ${HEADS} SET enterAt = 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, HEADS, ENTER_AT.name!);
    await dropColumns(runner, HEADS, 'enterAt', 'nextEntryAt');
    await dropTables(runner, 'history_checkpoints');
    for (const [table, column] of [
      [HEADS, 'id'],
      ['history_sizes', 'tenantId'],
      ['history_tiles', 'tenantId'],
    ]) {
      await runner.query(`DELETE FROM ${table} WHERE ${column} = 'checkpoints'`);
    }
  }
}
