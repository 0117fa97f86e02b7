import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, index, instant, integer, key, sealed, varchar } from '../schema.js';

/** The outbox of e-mail. */
export class Mails1764149000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'mails',
      [
        key('id', 64),
        varchar('state', 16),
        varchar('recipient', 254),
        sealed('sealedContent', { nullable: true }),
        integer('attempts'),
        instant('dueAt'),
        instant('triedUntil'),
        instant('attemptedAt', { nullable: true }),
        integer('lastStatus', { nullable: true }),
        varchar('lastError', 32, { nullable: true }),
        instant('createdAt'),
      ],
      [
        index('mails_due', 'state', 'dueAt', 'id'),
        index('mails_by_state_and_age', 'state', 'createdAt', 'id'),
        index('mails_by_age', 'createdAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'mails');
  }
}
