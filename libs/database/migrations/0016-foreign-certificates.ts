import type { MigrationInterface, QueryRunner } from 'typeorm';

import { createTable, dropTables, id, index, instant, reference, text, unique, varchar } from '../schema.js';

/** Certificates that others issued for keys of the tenant, by the `kid` that they gave. */
export class ForeignCertificates1763910000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'foreign_certificates',
      [
        id(),
        reference('tenantId'),
        reference('keyId'),
        varchar('kid', 128),
        text('serialNumber'),
        text('subject'),
        text('issuer'),
        varchar('publicKeyHash', 64),
        text('certificatePem'),
        instant('notBefore'),
        instant('notAfter'),
        instant('announcedAt', { nullable: true }),
        instant('expiredAt', { nullable: true }),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [
        unique('foreign_certificates_kid', 'tenantId', 'kid'),
        index('foreign_certificates_of_key', 'keyId', 'id'),
        index('foreign_certificates_by_expiry', 'expiredAt', 'notAfter', 'id'),
        index('foreign_certificates_by_announcement', 'announcedAt', 'notAfter', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'foreign_certificates');
  }
}
