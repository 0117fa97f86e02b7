import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, id, index, instant, reference, sealed, text, unique, varchar } from '../schema.js';

/** From where on a history has the bodies of its events, and what followed from those that are erased. */
export class HistoryBorders1764174000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'history_borders',
      [
        id(),
        reference('tenantId'),
        instant('erasedBefore'),
        instant('erasedUntil', { nullable: true }),
        varchar('stateHash', 64, { nullable: true }),
        instant('beginsAt', { nullable: true }),
        instant('eraseDueAt', { nullable: true }),
      ],
      [
        unique('history_borders_once', 'tenantId'),
        index('history_borders_due', 'eraseDueAt', 'id'),
        index('history_borders_begin', 'beginsAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'history_states',
      [
        id(),
        reference('tenantId'),
        varchar('kind', 32),
        varchar('targetId', 64),
        varchar('kid', 128, { nullable: true }),
        instant('occurredAt'),
        sealed('content'),
        text('personal'),
        varchar('hash', 64),
      ],
      [
        unique('history_states_once', 'tenantId', 'kind', 'targetId'),
        index('history_states_by_beginning', 'tenantId', 'kind', 'occurredAt', 'id'),
        index('history_states_by_kid', 'tenantId', 'kind', 'kid'),
        index('history_states_by_id', 'tenantId', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'history_states', 'history_borders');
  }
}
