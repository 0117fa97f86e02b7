import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  boolean,
  createTable,
  dropTables,
  id,
  index,
  instant,
  integer,
  key,
  reference,
  sealed,
  text,
  unique,
  varchar,
  version,
} from '../schema.js';

/** ACME (RFC 8555): bindings of services, accounts, orders, authorizations, and the nonces that were used. */
export class Acme1764168000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'acme_bindings',
      [
        id(),
        reference('tenantId'),
        reference('caId'),
        reference('serviceId'),
        reference('credentialId', { nullable: true }),
        sealed('sealedKey', { nullable: true }),
        reference('accountId', { nullable: true }),
        reference('createdBy'),
        instant('createdAt'),
        instant('expiresAt'),
      ],
      [
        index('acme_bindings_by_service', 'tenantId', 'serviceId', 'id'),
        index('acme_bindings_by_expiry', 'expiresAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'acme_accounts',
      [
        id(),
        reference('tenantId'),
        reference('caId'),
        reference('serviceId'),
        reference('bindingId'),
        reference('credentialId', { nullable: true }),
        varchar('state', 16),
        text('publicKey'),
        varchar('publicKeyHash', 64),
        text('contacts'),
        instant('lastUsedAt', { nullable: true }),
        instant('endedAt', { nullable: true }),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [
        unique('acme_accounts_by_key', 'caId', 'publicKeyHash'),
        index('acme_accounts_by_tenant', 'tenantId', 'id'),
        index('acme_accounts_by_service', 'tenantId', 'serviceId', 'id'),
        index('acme_accounts_by_end', 'endedAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'acme_orders',
      [
        id(),
        reference('tenantId'),
        reference('accountId'),
        reference('caId'),
        varchar('state', 16),
        text('names'),
        text('authorizationIds'),
        varchar('replacesKid', 64, { nullable: true }),
        varchar('certificateKid', 64, { nullable: true }),
        instant('processingSince', { nullable: true }),
        instant('expiresAt'),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [
        index('acme_orders_by_account', 'tenantId', 'accountId', 'id'),
        index('acme_orders_by_replaced', 'tenantId', 'replacesKid'),
        index('acme_orders_by_certificate', 'tenantId', 'certificateKid'),
        index('acme_orders_by_expiry', 'expiresAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'acme_authorizations',
      [
        id(),
        reference('tenantId'),
        reference('orderId'),
        reference('accountId'),
        reference('caId'),
        varchar('state', 16),
        varchar('name', 253),
        boolean('wildcard'),
        varchar('token', 64),
        varchar('challenge', 16, { nullable: true }),
        integer('attempts'),
        instant('dueAt', { nullable: true }),
        instant('leasedUntil'),
        instant('validatedAt', { nullable: true }),
        varchar('problem', 32, { nullable: true }),
        varchar('problemDetail', 255, { nullable: true }),
        instant('createdAt'),
        instant('expiresAt'),
      ],
      [
        index('acme_authorizations_by_order', 'tenantId', 'orderId', 'id'),
        index('acme_authorizations_due', 'dueAt', 'id'),
        index('acme_authorizations_by_expiry', 'expiresAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'acme_nonces',
      [key('id', 64), instant('expiresAt')],
      [index('acme_nonces_by_expiry', 'expiresAt', 'id')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'acme_nonces', 'acme_authorizations', 'acme_orders', 'acme_accounts', 'acme_bindings');
  }
}
