import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, index, instant, integer, key, reference, varchar } from '../schema.js';

/** What was announced of things that will happen. */
export class Announcements1764030000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'announcements',
      [
        key('id', 64),
        reference('tenantId'),
        varchar('kind', 64),
        reference('subjectId'),
        varchar('happens', 64),
        instant('dueAt'),
        integer('daysAhead'),
        instant('announcedAt'),
      ],
      [index('announcements_by_subject', 'tenantId', 'subjectId'), index('announcements_by_due', 'dueAt', 'id')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'announcements');
  }
}
