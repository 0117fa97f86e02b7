import type { MigrationInterface, QueryRunner } from 'typeorm';

import { addIndexes, dropIndexes, index } from '../schema.js';

const CERTIFICATES = 'certificates';
const BY_KEY = 'certificates_by_public_key';
const BY_KEY_AND_TENANT = 'certificates_by_public_key_and_tenant';

/** Whether another tenant has a key is found at the ends of an index, however many certificates its own tenant has of it. */
export class CertificatesByKeyAndTenant1764188000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, CERTIFICATES, index(BY_KEY_AND_TENANT, 'publicKeyHash', 'tenantId'));
    await dropIndexes(runner, CERTIFICATES, BY_KEY);
  }

  async down(runner: QueryRunner): Promise<void> {
    await addIndexes(runner, CERTIFICATES, index(BY_KEY, 'publicKeyHash'));
    await dropIndexes(runner, CERTIFICATES, BY_KEY_AND_TENANT);
  }
}
