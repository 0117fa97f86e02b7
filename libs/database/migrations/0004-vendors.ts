import { type MigrationInterface, type QueryRunner, TableColumn, TableIndex } from 'typeorm';

import {
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

const PROFILES = 'token_profiles';
const TRUSTED_ISSUER = 'trustedIssuer';
const BY_TRUSTED_ISSUER = 'token_profiles_by_trusted_issuer';

/** What the vendors' formats keep: used-up ids, transactions, rate windows, entitlements; and whom a profile trusts. */
export class Vendors1763790000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const profiles = await runner.getTable(PROFILES);
    if (!profiles?.findColumnByName(TRUSTED_ISSUER)) {
      await runner.addColumn(PROFILES, new TableColumn(varchar(TRUSTED_ISSUER, 500, { nullable: true })));
    }
    if (!profiles?.indices.some(({ name }) => name === BY_TRUSTED_ISSUER)) {
      await runner.createIndex(PROFILES, new TableIndex(index(BY_TRUSTED_ISSUER, TRUSTED_ISSUER)));
    }
    await createTable(
      runner,
      'replay_records',
      [key('id', 64), reference('tenantId'), instant('usedAt'), instant('expiresAt')],
      [index('replay_records_by_expiry', 'expiresAt')],
    );
    await createTable(
      runner,
      'token_transactions',
      [
        id(),
        reference('tenantId'),
        varchar('profile', 64),
        varchar('xid', 64),
        varchar('phoneHash', 64),
        sealed('sealedPhoneNumber'),
        sealed('sealedToken'),
        varchar('kid', 128),
        instant('createdAt'),
        instant('issuedAt'),
        instant('expiresAt'),
        instant('keptUntil'),
      ],
      [
        unique('token_transactions_xid', 'tenantId', 'xid'),
        index('token_transactions_by_phone', 'tenantId', 'phoneHash', 'id'),
        index('token_transactions_by_end', 'keptUntil'),
      ],
    );
    await createTable(
      runner,
      'rate_windows',
      [key('id', 64), reference('tenantId'), text('calls'), instant('expiresAt')],
      [index('rate_windows_by_expiry', 'expiresAt')],
    );
    await createTable(
      runner,
      'licenses',
      [
        id(),
        reference('tenantId'),
        varchar('customerHash', 64),
        text('customer'),
        text('entitlement'),
        integer('revision'),
        varchar('kid', 128),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [unique('licenses_customer', 'tenantId', 'customerHash')],
    );
    await createTable(
      runner,
      'license_revisions',
      [
        id(),
        reference('tenantId'),
        reference('licenseId'),
        integer('revision'),
        text('body'),
        varchar('bodyHash', 64),
        varchar('kid', 128),
        varchar('subject', 500),
        reference('serviceId', { nullable: true }),
        varchar('tokenId', 64),
        instant('receivedAt'),
      ],
      [unique('license_revisions_number', 'licenseId', 'revision')],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'license_revisions', 'licenses', 'rate_windows', 'token_transactions', 'replay_records');
    const profiles = await runner.getTable(PROFILES);
    if (!profiles?.findColumnByName(TRUSTED_ISSUER)) return;
    if (profiles.indices.some(({ name }) => name === BY_TRUSTED_ISSUER)) {
      await runner.dropIndex(PROFILES, BY_TRUSTED_ISSUER);
    }
    await runner.dropColumn(PROFILES, TRUSTED_ISSUER);
  }
}
