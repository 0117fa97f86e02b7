import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  addIndexes,
  boolean,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  id,
  index,
  reference,
  sealed,
  unique,
  varchar,
} from '../schema.js';

const PROFILES = 'token_profiles';
const BY_PUBLIC = 'token_profiles_by_public';

/** Profiles that answer without a credential, their stored system user tokens, and the origins whose pages may ask them. */
export class VendorAccess1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(
      runner,
      PROFILES,
      { ...boolean('isPublic'), default: 0 },
      sealed('sealedSystemUserToken', { nullable: true }),
    );
    await addIndexes(runner, PROFILES, index(BY_PUBLIC, 'isPublic'));
    await createTable(
      runner,
      'token_profile_origins',
      [id(), reference('tenantId'), reference('profileId'), varchar('origin', 255)],
      [
        unique('token_profile_origins_of_profile', 'profileId', 'origin'),
        index('token_profile_origins_by_origin', 'origin'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'token_profile_origins');
    await dropIndexes(runner, PROFILES, BY_PUBLIC);
    await dropColumns(runner, PROFILES, 'isPublic', 'sealedSystemUserToken');
  }
}
