import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  createTable,
  dropTables,
  id,
  index,
  instant,
  integer,
  reference,
  sealed,
  text,
  unique,
  varchar,
  version,
} from '../schema.js';

/** Webhooks of tenants, their secrets, and what was sent to them. */
export class Webhooks1764020000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'webhooks',
      [
        id(),
        reference('tenantId'),
        text('url'),
        text('actions'),
        varchar('state', 16),
        instant('nextSequence'),
        instant('dueAt', { nullable: true }),
        instant('leasedUntil'),
        integer('failures'),
        instant('failingSince', { nullable: true }),
        instant('deliveredAt', { nullable: true }),
        reference('createdBy'),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [index('webhooks_by_tenant', 'tenantId', 'id'), index('webhooks_by_state', 'state', 'id')],
    );
    await createTable(
      runner,
      'webhook_secrets',
      [
        id(),
        reference('tenantId'),
        reference('webhookId'),
        sealed('sealedSecret'),
        instant('createdAt'),
        instant('expiresAt', { nullable: true }),
      ],
      [index('webhook_secrets_by_webhook', 'webhookId', 'id')],
    );
    await createTable(
      runner,
      'webhook_deliveries',
      [
        id(),
        reference('tenantId'),
        reference('webhookId'),
        instant('sequence'),
        reference('eventId'),
        varchar('action', 64),
        varchar('state', 16),
        integer('attempts'),
        instant('dueAt'),
        instant('requestedAt'),
        instant('attemptedAt', { nullable: true }),
        integer('lastStatus', { nullable: true }),
        varchar('lastError', 32, { nullable: true }),
        instant('createdAt'),
      ],
      [
        unique('webhook_deliveries_once', 'webhookId', 'sequence'),
        index('webhook_deliveries_by_webhook', 'tenantId', 'webhookId', 'id'),
        index('webhook_deliveries_due', 'webhookId', 'state', 'dueAt', 'id'),
        index('webhook_deliveries_by_age', 'createdAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'webhook_deliveries', 'webhook_secrets', 'webhooks');
  }
}
