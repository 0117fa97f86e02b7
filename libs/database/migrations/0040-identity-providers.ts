import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  addIndexes,
  boolean,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  id,
  index,
  instant,
  key,
  reference,
  sealed,
  text,
  unique,
  varchar,
  version,
} from '../schema.js';

const SESSIONS_BY_PROVIDER = 'sessions_by_identity_provider';

/** Sign-in by identity providers, and what began or was made by them. */
export class IdentityProviders1764140000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      'identity_providers',
      [
        id(),
        reference('tenantId'),
        varchar('name', 100),
        boolean('enabled'),
        varchar('issuer', 500),
        varchar('clientId', 255),
        sealed('sealedClientSecret', { nullable: true }),
        text('scopes'),
        varchar('groupsClaim', 100),
        text('roleMappings'),
        text('emailDomains'),
        boolean('trustsEmails'),
        reference('createdBy'),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
      ],
      [index('identity_providers_by_tenant', 'tenantId', 'id')],
    );
    await createTable(
      runner,
      'identities',
      [
        id(),
        reference('identityProviderId'),
        varchar('subject', 255),
        reference('userId'),
        instant('createdAt'),
        instant('lastUsedAt'),
      ],
      [unique('identities_by_subject', 'identityProviderId', 'subject')],
    );
    await createTable(
      runner,
      'identity_provider_sign_ins',
      [
        key('lookupHash', 64),
        reference('identityProviderId'),
        reference('sessionId', { nullable: true }),
        varchar('redirectUri', 500),
        instant('createdAt'),
        instant('expiresAt'),
      ],
      [index('identity_provider_sign_ins_by_expiry', 'expiresAt', 'lookupHash')],
    );
    const provider = reference('identityProviderId', { nullable: true });
    await addColumns(runner, 'sessions', provider);
    await addIndexes(runner, 'sessions', index(SESSIONS_BY_PROVIDER, 'identityProviderId', 'endedAt'));
    await addColumns(runner, 'members', provider);
    await addColumns(runner, 'factor_challenges', provider);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropColumns(runner, 'factor_challenges', 'identityProviderId');
    await dropColumns(runner, 'members', 'identityProviderId');
    await dropIndexes(runner, 'sessions', SESSIONS_BY_PROVIDER);
    await dropColumns(runner, 'sessions', 'identityProviderId');
    await dropTables(runner, 'identity_provider_sign_ins', 'identities', 'identity_providers');
  }
}
