import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  createTable,
  dropColumns,
  dropTables,
  id,
  instant,
  key,
  sealed,
  text,
  varchar,
  version,
} from '../schema.js';

const SIZES = 'history_sizes';
const PUBLISHED_SIZE = 'publishedSize';

/** Each history as a log that others verify: its tiles, and the checkpoint that was signed last. */
export class HistoryLog1763890000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, SIZES, instant(PUBLISHED_SIZE, { nullable: true }));
    await createTable(runner, 'history_heads', [
      id(),
      varchar('origin', 300),
      instant('size'),
      varchar('root', 64),
      text('note'),
      instant('publishedAt'),
      version(),
    ]);
    await createTable(runner, 'history_tiles', [key('tenantId', 36), key('place', 40), sealed('hashes')]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'history_tiles', 'history_heads');
    await dropColumns(runner, SIZES, PUBLISHED_SIZE);
  }
}
