import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, createTable, dropColumns, dropTables, index, instant, integer, key, text } from '../schema.js';

const CREDENTIALS = 'credentials';

/** Counts of uses of credentials that were rejected, and events that are counted while they repeat. */
export class Access1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      CREDENTIALS,
      { ...integer('refusedUses'), default: 0 },
      instant('lastRefusedAt', { nullable: true }),
    );
    await createTable(
      runner,
      'event_windows',
      [key('id', 64), instant('endsAt'), integer('unreported'), text('latest')],
      [index('event_windows_by_end', 'endsAt', 'id')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'event_windows');
    await dropColumns(runner, CREDENTIALS, 'refusedUses', 'lastRefusedAt');
  }
}
