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

export class Certificates1763780000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'certificate_authorities',
      [
        id(),
        reference('tenantId'),
        varchar('name', 100),
        varchar('state', 16),
        varchar('origin', 16),
        reference('parentId', { nullable: true }),
        varchar('keyAlgorithm', 16),
        text('subject'),
        text('issuer'),
        varchar('serialNumber', 40),
        varchar('publicKeyHash', 64),
        integer('pathLength', { nullable: true }),
        text('nameConstraints', { nullable: true }),
        text('profile'),
        text('certificatePem'),
        text('importedChainPem', { nullable: true }),
        sealed('sealedPrivateKey'),
        instant('notBefore'),
        instant('notAfter'),
        varchar('revocationReason', 32, { nullable: true }),
        instant('revokedAt', { nullable: true }),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [
        unique('certificate_authorities_name', 'tenantId', 'name'),
        index('certificate_authorities_by_state', 'tenantId', 'state', 'id'),
        index('certificate_authorities_by_parent', 'parentId', 'serialNumber'),
        index('certificate_authorities_by_public_key', 'publicKeyHash'),
        index('certificate_authorities_by_expiry', 'state', 'notAfter'),
      ],
    );
    await createTable(
      runner,
      'certificates',
      [
        id(),
        reference('tenantId'),
        varchar('kid', 64),
        reference('caId'),
        reference('serviceId', { nullable: true }),
        varchar('state', 16),
        varchar('serialNumber', 40),
        text('subject'),
        varchar('commonNameSearch', 128),
        varchar('subjectSearch', 512),
        text('issuer'),
        text('san'),
        varchar('keyAlgorithm', 16),
        varchar('publicKeyHash', 64),
        varchar('tbsHash', 64),
        text('certificatePem', { nullable: true }),
        instant('notBefore'),
        instant('notAfter'),
        varchar('replaces', 64, { nullable: true }),
        varchar('replacedBy', 64, { nullable: true }),
        varchar('revocationReason', 32, { nullable: true }),
        instant('revokedAt', { nullable: true }),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [
        unique('certificates_kid', 'kid'),
        unique('certificates_serial_number', 'caId', 'serialNumber'),
        index('certificates_by_authority', 'tenantId', 'caId', 'id'),
        index('certificates_by_service', 'tenantId', 'serviceId', 'id'),
        index('certificates_by_state', 'tenantId', 'state', 'id'),
        index('certificates_by_serial_number', 'tenantId', 'serialNumber', 'id'),
        index('certificates_by_common_name', 'tenantId', 'commonNameSearch', 'id'),
        index('certificates_by_subject', 'tenantId', 'subjectSearch', 'id'),
        index('certificates_by_end', 'tenantId', 'notAfter', 'id'),
        index('certificates_by_public_key', 'publicKeyHash'),
        index('certificates_by_revocation', 'caId', 'state', 'id'),
        index('certificates_by_expiry', 'state', 'notAfter'),
        index('certificates_by_creation', 'state', 'createdAt'),
      ],
    );
    await createTable(
      runner,
      'certificate_names',
      [id(), reference('tenantId'), reference('certificateId'), varchar('nameSearch', 255)],
      [index('certificate_names_by_name', 'tenantId', 'nameSearch', 'certificateId')],
    );
    await createTable(
      runner,
      'crls',
      [
        id(),
        reference('tenantId'),
        instant('number'),
        instant('thisUpdate'),
        instant('nextUpdate'),
        instant('rebuildAt'),
        integer('parts'),
      ],
      [index('crls_by_rebuild', 'rebuildAt')],
    );
    await createTable(
      runner,
      'crl_parts',
      [id(), reference('tenantId'), reference('caId'), instant('crlNumber'), integer('part'), sealed('content')],
      [unique('crl_parts_part', 'caId', 'crlNumber', 'part')],
    );
    await createTable(
      runner,
      'ocsp_signers',
      [
        id(),
        reference('tenantId'),
        reference('caId'),
        varchar('serialNumber', 40),
        text('certificatePem'),
        sealed('sealedPrivateKey'),
        instant('notBefore'),
        instant('notAfter'),
        instant('createdAt'),
      ],
      [unique('ocsp_signers_authority', 'caId')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(
      runner,
      'ocsp_signers',
      'crl_parts',
      'crls',
      'certificate_names',
      'certificates',
      'certificate_authorities',
    );
  }
}
