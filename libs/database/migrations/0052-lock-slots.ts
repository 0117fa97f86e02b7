import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, instant, integer } from '../schema.js';

/** What locks write in a cluster; see `writeLockSlot`. Empty everywhere else. */
export class LockSlots1764152000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A number that counts without an end needs more than 31 bits: an instant has 63.
    await createTable(runner, 'lock_slots', [{ ...integer('id'), isPrimary: true }, instant('turns')]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'lock_slots');
  }
}
