import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  boolean,
  createTable,
  dropTables,
  id,
  index,
  instant,
  integer,
  reference,
  text,
  unique,
  varchar,
} from '../schema.js';

/** Workloads that may act as services, and the short credentials that they get. */
export class Trusts1764141000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'trusts',
      [
        id(),
        reference('tenantId'),
        reference('serviceId'),
        varchar('name', 100),
        varchar('issuer', 500),
        varchar('audience', 255),
        varchar('subject', 255, { nullable: true }),
        text('claims'),
        text('jwks', { nullable: true }),
        integer('ttlSeconds'),
        boolean('singleUse'),
        reference('createdBy'),
        instant('createdAt'),
        instant('lastUsedAt', { nullable: true }),
      ],
      [index('trusts_by_service', 'tenantId', 'serviceId', 'id')],
    );
    await createTable(
      runner,
      'workload_credentials',
      [
        id(),
        reference('tenantId'),
        reference('serviceId'),
        reference('trustId'),
        varchar('lookupHash', 64),
        varchar('replayKey', 64, { nullable: true }),
        instant('createdAt'),
        instant('expiresAt'),
        instant('keptUntil'),
      ],
      [
        unique('workload_credentials_by_hash', 'lookupHash'),
        unique('workload_credentials_once', 'replayKey'),
        index('workload_credentials_due', 'keptUntil', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'workload_credentials', 'trusts');
  }
}
