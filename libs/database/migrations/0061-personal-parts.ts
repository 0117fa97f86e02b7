import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  createTable,
  dropColumns,
  dropTables,
  id,
  index,
  instant,
  reference,
  sealed,
  unique,
  varchar,
} from '../schema.js';

const EVENTS = 'audit_events';
const MONTHS = 'history_months';

/** The personal fields of events, kept apart from the entries, and the keys of the months that they are sealed by. */
export class PersonalParts1764161000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, EVENTS, sealed('personal', { nullable: true }));
    await createTable(
      runner,
      MONTHS,
      [
        id(),
        reference('tenantId'),
        varchar('month', 16),
        instant('endsAt'),
        sealed('sealedKey', { nullable: true }),
        instant('createdAt'),
        instant('erasedAt', { nullable: true }),
      ],
      [unique('history_months_once', 'tenantId', 'month'), index('history_months_by_end', 'erasedAt', 'endsAt', 'id')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, MONTHS);
    await dropColumns(runner, EVENTS, 'personal');
  }
}
