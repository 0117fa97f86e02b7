import type { MigrationInterface, QueryRunner, TableIndexOptions } from 'typeorm';

import {
  addColumns,
  addIndexes,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  index,
  instant,
  key,
  reference,
  varchar,
} from '../schema.js';

/** Lists are searched by name, and by when something was last used. */
const ADDED: Readonly<Record<string, readonly TableIndexOptions[]>> = {
  services: [index('services_of_tenant_by_use', 'tenantId', 'state', 'lastUsedAt', 'id')],
  credentials: [index('credentials_of_tenant_by_name', 'tenantId', 'name', 'id')],
  keys: [
    index('keys_of_tenant_by_name', 'tenantId', 'name', 'id'),
    index('keys_of_tenant_by_state', 'tenantId', 'state', 'id'),
    index('keys_of_tenant_by_algorithm', 'tenantId', 'algorithm', 'id'),
    index('keys_of_tenant_by_rotation', 'tenantId', 'nextRotationAt', 'id'),
    index('keys_of_tenant_by_use', 'tenantId', 'lastUsedAt', 'id'),
  ],
  api_tokens: [index('api_tokens_of_tenant_by_name', 'tenantId', 'name', 'id')],
};
const USED = ['services', 'keys'];

/** Finding services, keys and credentials among very many, and which services sign with which keys. */
export class Fleet1764142000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of USED) await addColumns(runner, table, instant('lastUsedAt', { nullable: true }));
    // What the credentials say of their services so far; of keys it is known from now on.
    // With the tenant, as the indexes of credentials begin with it: else each service would read all credentials.
    await runner.query(
      `UPDATE services SET lastUsedAt =
       (SELECT MAX(credentials.lastUsedAt) FROM credentials
        WHERE credentials.tenantId = services.tenantId AND credentials.serviceId = services.id)
       WHERE lastUsedAt IS NULL`,
    );
    for (const [table, indexes] of Object.entries(ADDED)) await addIndexes(runner, table, ...indexes);
    await createTable(
      runner,
      'key_uses',
      [
        key('id', 64),
        reference('tenantId'),
        reference('keyId'),
        varchar('kid', 128),
        varchar('profile', 64),
        reference('serviceId', { nullable: true }),
        instant('tokens'),
        instant('firstUsedAt'),
        instant('lastUsedAt'),
      ],
      [
        index('key_uses_of_key', 'tenantId', 'keyId', 'lastUsedAt', 'id'),
        index('key_uses_by_last_use', 'lastUsedAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'key_uses');
    for (const [table, indexes] of Object.entries(ADDED)) {
      await dropIndexes(runner, table, ...indexes.map(({ name }) => name!));
    }
    for (const table of USED) await dropColumns(runner, table, 'lastUsedAt');
  }
}
