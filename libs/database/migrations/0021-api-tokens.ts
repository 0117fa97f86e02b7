import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  boolean,
  createTable,
  dropTables,
  id,
  index,
  instant,
  reference,
  text,
  unique,
  varchar,
  version,
} from '../schema.js';

/** Service accounts of tenants, and API tokens of members and service accounts. */
export class ApiTokens1763960000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'service_accounts',
      [
        id(),
        reference('tenantId'),
        varchar('name', 100),
        varchar('liveName', 100),
        varchar('role', 32),
        reference('createdBy'),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
        instant('deletedAt', { nullable: true }),
      ],
      [unique('service_accounts_live_name', 'tenantId', 'liveName')],
    );
    await createTable(
      runner,
      'api_tokens',
      [
        id(),
        reference('tenantId'),
        varchar('name', 100),
        reference('memberId', { nullable: true }),
        reference('ownerId'),
        text('permissions'),
        boolean('stepUp'),
        text('allowedCidrs'),
        varchar('lookupHash', 64),
        varchar('tokenMasked', 32),
        reference('createdBy'),
        instant('createdAt'),
        instant('expiresAt'),
        instant('lastUsedAt', { nullable: true }),
        instant('revokedAt', { nullable: true }),
      ],
      [
        unique('api_tokens_lookup_hash', 'lookupHash'),
        index('api_tokens_by_owner', 'tenantId', 'ownerId', 'id'),
        index('api_tokens_by_expiry', 'expiresAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'api_tokens', 'service_accounts');
  }
}
