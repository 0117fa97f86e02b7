import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, dropColumns, instant, text } from '../schema.js';

const HEADS = 'history_heads';

/** What witnesses have cosigned of each history. */
export class Cosignatures1764144000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      HEADS,
      instant('cosignedSize', { nullable: true }),
      text('cosignedSizes', { nullable: true }),
      text('cosignedNote', { nullable: true }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, HEADS, 'cosignedSize', 'cosignedSizes', 'cosignedNote');
  }
}
