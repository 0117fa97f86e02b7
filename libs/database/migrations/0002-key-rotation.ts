import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, instant } from '../schema.js';

/** Staged and scheduled rotation of keys, and the end of deleted ones. */
export class KeyRotation1763770000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      'keys',
      instant('nextRotationAt', { nullable: true }),
      instant('destroysAt', { nullable: true }),
    );
    await addColumns(runner, 'key_versions', instant('retiresAt', { nullable: true }));
    await addIndexes(
      runner,
      'keys',
      index('keys_by_next_rotation', 'state', 'nextRotationAt'),
      index('keys_by_destruction', 'state', 'destroysAt'),
    );
    await addIndexes(
      runner,
      'key_versions',
      index('key_versions_by_retirement', 'state', 'retiresAt'),
      index('key_versions_by_last_token', 'state', 'lastTokenExpiresAt'),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'key_versions', 'key_versions_by_last_token', 'key_versions_by_retirement');
    await dropIndexes(runner, 'keys', 'keys_by_destruction', 'keys_by_next_rotation');
    await dropColumns(runner, 'key_versions', 'retiresAt');
    await dropColumns(runner, 'keys', 'destroysAt', 'nextRotationAt');
  }
}
