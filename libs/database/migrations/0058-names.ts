import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addColumns, addIndexes, dropColumns, dropIndexes, index, varchar } from '../schema.js';

/** Webhooks have names; they, trusts and identity providers are found by theirs. Members do not keep a provider that is gone. */
export class Names1764158000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumns(runner, 'webhooks', varchar('name', 100, { nullable: true }));
    await addIndexes(runner, 'webhooks', index('webhooks_by_name', 'tenantId', 'name', 'id'));
    await addIndexes(runner, 'trusts', index('trusts_by_name', 'tenantId', 'serviceId', 'name', 'id'));
    await addIndexes(runner, 'identity_providers', index('identity_providers_by_name', 'tenantId', 'name', 'id'));
    await addIndexes(runner, 'members', index('members_by_identity_provider', 'identityProviderId'));
    const column = runner.connection.driver.escape('identityProviderId');
    const providers = runner.connection.driver.escape('identity_providers');
    await runner.query(
      `UPDATE members SET ${column} = NULL WHERE ${column} IS NOT NULL AND ${column} NOT IN (SELECT id FROM ${providers})`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndexes(runner, 'members', 'members_by_identity_provider');
    await dropIndexes(runner, 'identity_providers', 'identity_providers_by_name');
    await dropIndexes(runner, 'trusts', 'trusts_by_name');
    await dropIndexes(runner, 'webhooks', 'webhooks_by_name');
    await dropColumns(runner, 'webhooks', 'name');
  }
}
