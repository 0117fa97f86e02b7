import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, id, index, instant, integer, key, reference, sealed, varchar } from '../schema.js';

/** Second factors of accounts, their recovery codes, and the questions for them that wait for an answer. */
export class Factors1764050000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'factors',
      [
        id(),
        reference('userId'),
        varchar('kind', 16),
        varchar('name', 100),
        sealed('sealedMaterial', { nullable: true }),
        integer('counter'),
        varchar('challenge', 64),
        instant('createdAt'),
        instant('confirmedAt', { nullable: true }),
        instant('lastUsedAt', { nullable: true }),
        instant('expiresAt', { nullable: true }),
      ],
      [index('factors_by_user', 'userId', 'id'), index('factors_by_expiry', 'expiresAt', 'id')],
    );
    await createTable(
      runner,
      'recovery_codes',
      [key('lookupHash', 64), reference('userId'), instant('createdAt'), instant('usedAt', { nullable: true })],
      [index('recovery_codes_by_user', 'userId')],
    );
    await createTable(
      runner,
      'factor_challenges',
      [
        key('lookupHash', 64),
        reference('userId'),
        varchar('challenge', 64),
        integer('failures'),
        instant('createdAt'),
        instant('expiresAt'),
      ],
      [index('factor_challenges_by_user', 'userId'), index('factor_challenges_by_expiry', 'expiresAt', 'lookupHash')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'factor_challenges', 'recovery_codes', 'factors');
  }
}
