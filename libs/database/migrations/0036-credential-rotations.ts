import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addIndexes,
  boolean,
  createTable,
  dropIndexes,
  dropTables,
  id,
  index,
  instant,
  integer,
  reference,
  text,
  varchar,
  version,
} from '../schema.js';

const CREDENTIALS = 'credentials';
const BY_TENANT = 'credentials_of_tenant';

/** Rotations of many credentials, and the list of all credentials of a tenant. */
export class CredentialRotations1764110000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, CREDENTIALS, index(BY_TENANT, 'tenantId', 'id'));
    await createTable(
      runner,
      'credential_rotations',
      [
        id(),
        reference('tenantId'),
        varchar('state', 16),
        text('filter'),
        integer('overlapSeconds'),
        boolean('deleteInactive'),
        integer('total'),
        integer('rotated'),
        integer('rejected'),
        reference('requestedBy'),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
        instant('endedAt', { nullable: true }),
      ],
      [
        index('credential_rotations_of_tenant', 'tenantId', 'id'),
        index('credential_rotations_of_tenant_by_state', 'tenantId', 'state', 'id'),
        index('credential_rotations_by_end', 'state', 'endedAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'credential_rotation_items',
      [
        id(),
        reference('tenantId'),
        reference('rotationId'),
        reference('credentialId'),
        reference('serviceId'),
        instant('dueAt'),
        instant('finishedAt', { nullable: true }),
        reference('successorId', { nullable: true }),
        varchar('rejectionCode', 64, { nullable: true }),
      ],
      [
        index('credential_rotation_items_of_rotation', 'tenantId', 'rotationId', 'id'),
        index('credential_rotation_items_by_due', 'finishedAt', 'dueAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'credential_rotation_items', 'credential_rotations');
    await dropIndexes(runner, CREDENTIALS, BY_TENANT);
  }
}
