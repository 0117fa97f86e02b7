import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, instant, integer, key } from '../schema.js';

/** The keys that sign the checkpoints of the histories, and when each of them does. The first was a secret alone. */
export class HistoryKeys1764164000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'history_keys', [
      key('name', 64),
      integer('number'),
      instant('signsFrom'),
      instant('signsUntil', { nullable: true }),
    ]);
    await runner.query(
      "INSERT INTO history_keys (name, number, signsFrom) SELECT name, 1, createdAt FROM installation_secrets WHERE name = 'history-log-key'",
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'history_keys');
  }
}
