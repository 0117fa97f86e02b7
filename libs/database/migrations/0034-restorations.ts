import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, id, instant, varchar } from '../schema.js';

/** When the database was restored from a backup. */
export class Restorations1764090000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'restorations', [
      id(),
      instant('takenAt'),
      instant('restoredAt'),
      varchar('backupSha256', 64),
      instant('completedAt', { nullable: true }),
    ]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'restorations');
  }
}
