import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, createTable, dropColumns, dropTables, id, index, instant, reference, varchar } from '../schema.js';

/** Private keys in key stores: which there are, and of which signing keys and versions they are. */
export class KeyStores1764172000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'key_store_objects',
      [
        id(),
        reference('tenantId'),
        varchar('store', 32),
        instant('createdAt'),
        instant('destroyAt', { nullable: true }),
      ],
      [
        index('key_store_objects_by_destruction', 'destroyAt', 'id'),
        index('key_store_objects_of_tenant', 'tenantId', 'destroyAt'),
      ],
    );
    await addColumns(runner, 'keys', varchar('keyStore', 32, { nullable: true }));
    await addColumns(runner, 'key_versions', varchar('keyStore', 32, { nullable: true }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, 'key_versions', 'keyStore');
    await dropColumns(runner, 'keys', 'keyStore');
    await dropTables(runner, 'key_store_objects');
  }
}
