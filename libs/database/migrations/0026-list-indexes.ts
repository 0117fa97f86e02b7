import type { MigrationInterface, QueryRunner, TableIndexOptions } from 'typeorm';

import { addIndexes, dropIndexes, index } from '../schema.js';

/** Pages in their order: without these a page costs the sorting of everything that the list holds. */
const ADDED: Readonly<Record<string, readonly TableIndexOptions[]>> = {
  members: [index('members_of_tenant', 'tenantId', 'id')],
  invitations: [index('invitations_of_tenant', 'tenantId', 'id')],
  service_accounts: [index('service_accounts_of_tenant', 'tenantId', 'id')],
  api_tokens: [
    index('api_tokens_of_tenant', 'tenantId', 'id'),
    index('api_tokens_of_tenant_by_expiry', 'tenantId', 'expiresAt', 'id'),
  ],
  services: [index('services_of_tenant', 'tenantId', 'state', 'id')],
  credentials: [
    index('credentials_of_service', 'tenantId', 'serviceId', 'id'),
    index('credentials_of_tenant_by_expiry', 'tenantId', 'expiresAt', 'id'),
  ],
  keys: [index('keys_of_tenant', 'tenantId', 'id')],
  token_profiles: [index('token_profiles_of_tenant', 'tenantId', 'id')],
  token_transactions: [index('token_transactions_of_tenant', 'tenantId', 'id')],
  licenses: [index('licenses_of_tenant', 'tenantId', 'id')],
  certificate_authorities: [
    index('certificate_authorities_of_tenant', 'tenantId', 'id'),
    index('certificate_authorities_of_tenant_by_state', 'tenantId', 'state', 'id'),
  ],
  certificates: [index('certificates_of_tenant', 'tenantId', 'id')],
  sessions: [index('sessions_of_user', 'userId', 'id')],
  users: [index('users_by_email_in_order', 'email', 'id')],
  audit_events: [
    index('audit_events_by_target_type', 'tenantId', 'targetType', 'occurredAt', 'id'),
    index('audit_events_by_outcome', 'tenantId', 'outcome', 'occurredAt', 'id'),
  ],
};

/** Of one service there are few credentials: its own index is enough, and has them in the order of the list. */
const CREDENTIALS_BEFORE = index('credentials_by_service', 'tenantId', 'serviceId', 'authType', 'state');

/** Every list and every documented filter is served by an index: `test/e2e/server/index-use.test.ts`. */
export class ListIndexes1764010000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, indexes] of Object.entries(ADDED)) await addIndexes(runner, table, ...indexes);
    await dropIndexes(runner, 'credentials', CREDENTIALS_BEFORE.name!);
  }

  async down(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, 'credentials', CREDENTIALS_BEFORE);
    for (const [table, indexes] of Object.entries(ADDED)) {
      await dropIndexes(runner, table, ...indexes.map(({ name }) => name!));
    }
  }
}
