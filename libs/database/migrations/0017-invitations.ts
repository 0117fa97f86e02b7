import type { MigrationInterface, QueryRunner } from 'typeorm';

import {
  addColumns,
  addIndexes,
  createTable,
  dropColumns,
  dropIndexes,
  dropTables,
  id,
  index,
  instant,
  reference,
  unique,
  varchar,
  version,
} from '../schema.js';

const USERS = 'users';
const BY_ADDRESS = 'users_email';
const BY_ADDRESS_AND_PLACE = 'users_email_known_in';
/** The nil UUID: the installation. */
const INSTALLATION = '00000000-0000-0000-0000-000000000000';

interface CreatedUser {
  readonly id: string;
  readonly createdAt: number | string;
}

/**
 * Invitations and password resets; where each account counts. Accounts that the platform made keep counting in every
 * tenant. One that a tenant made counts in that tenant alone, because the person who made it chose its password.
 */
export class Invitations1763920000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // An account that is known nowhere, until the rows get their values below.
    await addColumns(
      runner,
      USERS,
      { ...reference('knownIn'), default: "''" },
      instant('emailVerifiedAt', { nullable: true }),
    );
    await addIndexes(runner, USERS, unique(BY_ADDRESS_AND_PLACE, 'email', 'knownIn'));
    await dropIndexes(runner, USERS, BY_ADDRESS);
    await placeAccounts(runner);
    await createTable(
      runner,
      'invitations',
      [
        id(),
        reference('tenantId'),
        varchar('email', 254),
        varchar('role', 32),
        varchar('state', 16),
        varchar('lookupHash', 64),
        reference('invitedBy'),
        reference('inviterMemberId', { nullable: true }),
        version(),
        instant('createdAt'),
        instant('updatedAt'),
        instant('expiresAt'),
      ],
      [
        unique('invitations_lookup_hash', 'lookupHash'),
        index('invitations_by_tenant', 'tenantId', 'state', 'id'),
        index('invitations_by_expiry', 'state', 'expiresAt', 'id'),
      ],
    );
    await createTable(
      runner,
      'password_resets',
      [
        id(),
        reference('userId'),
        varchar('kind', 16),
        varchar('lookupHash', 64),
        reference('startedIn', { nullable: true }),
        reference('startedBy'),
        instant('createdAt'),
        instant('expiresAt'),
        instant('usedAt', { nullable: true }),
      ],
      [
        unique('password_resets_lookup_hash', 'lookupHash'),
        index('password_resets_by_user', 'userId', 'usedAt'),
        index('password_resets_by_expiry', 'expiresAt', 'id'),
      ],
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, 'password_resets', 'invitations');
    await addIndexes(runner, USERS, unique(BY_ADDRESS, 'email'));
    await dropIndexes(runner, USERS, BY_ADDRESS_AND_PLACE);
    await dropColumns(runner, USERS, 'knownIn', 'emailVerifiedAt');
  }
}

async function placeAccounts(runner: QueryRunner): Promise<void> {
  const makers = await makersOfAccounts(runner);
  const users = (await runner.query("SELECT id, createdAt FROM users WHERE knownIn = ''")) as CreatedUser[];
  for (const { id: userId, createdAt } of users) {
    const knownIn = makers.get(userId) ?? (await oldestTenantOf(runner, userId)) ?? userId;
    const verifiedAt = knownIn === INSTALLATION ? createdAt : null;
    await runner.query('UPDATE users SET knownIn = ?, emailVerifiedAt = ? WHERE id = ?', [knownIn, verifiedAt, userId]);
  }
}

/** In whose history it is written that an account was made: the installation's, or that of a tenant. */
async function makersOfAccounts(runner: QueryRunner): Promise<ReadonlyMap<string, string>> {
  const makers = new Map<string, string>();
  const tenants = (await runner.query('SELECT id FROM tenants')) as { id: string }[];
  for (const tenantId of [...tenants.map((tenant) => tenant.id), INSTALLATION]) {
    const events = (await runner.query('SELECT targetId FROM audit_events WHERE tenantId = ? AND action = ?', [
      tenantId,
      'user.created',
    ])) as { targetId: string }[];
    for (const { targetId } of events) makers.set(targetId, tenantId);
  }
  return makers;
}

async function oldestTenantOf(runner: QueryRunner, userId: string): Promise<string | undefined> {
  const rows = (await runner.query('SELECT tenantId FROM members WHERE userId = ? ORDER BY id LIMIT 1', [userId])) as {
    tenantId: string;
  }[];
  return rows[0]?.tenantId;
}
