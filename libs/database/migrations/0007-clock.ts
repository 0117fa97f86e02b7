import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, instant, integer, key, varchar } from '../schema.js';

/** What the installation remembers about its clocks, in one row. */
export class Clock1763820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'clocks', [
      key('id', 16),
      instant('mark'),
      integer('uptimeSeconds'),
      varchar('bootId', 64, { nullable: true }),
      integer('confirmations'),
      instant('pausedAt', { nullable: true }),
      instant('jumpedFrom', { nullable: true }),
      instant('jumpedTo', { nullable: true }),
      instant('confirmedAt', { nullable: true }),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'clocks');
  }
}
