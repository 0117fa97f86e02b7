import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { INSTALLATION_ID } from '#core';

import { migrations } from '../../../libs/database/migrations/index.js';
import { type TestDatabase, createTestDatabase } from '../../support/database.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';

const FIRST = 'Invitations1763920000000';
const id = (number: number): string => `019a1b2c-3d4e-7f50-8a6b-${String(number).padStart(12, '0')}`;
const [ACME, GLOBEX] = [id(1), id(2)];
const [OWNER, PLANTED, ADMIN, UNKNOWN, LONELY] = [id(11), id(12), id(13), id(14), id(15)];

let test: TestDatabase;
let plain: DataSource;
let accounts: Record<string, { knownIn: string; verified: boolean }>;

const insert = async (table: string, row: Readonly<Record<string, string | number | boolean>>): Promise<void> => {
  const marks = Object.keys(row).map(() => '?');
  await plain.query(
    `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${marks.join(', ')})`,
    Object.values(row),
  );
};

const user = (userId: string, platformAdmin = false) =>
  insert('users', {
    id: userId,
    email: `${userId}@example.com`,
    name: 'A user',
    passwordHash: 'x',
    platformAdmin: platformAdmin ? 1 : 0,
    version: 1,
    createdAt: 5,
    updatedAt: 5,
  });

const member = (number: number, tenantId: string, userId: string) =>
  insert('members', { id: id(number), tenantId, userId, role: 'owner', version: 1, createdAt: 5, updatedAt: 5 });

/** The event that an account was made, as the former version wrote it. */
const created = (number: number, tenantId: string, userId: string) =>
  insert('audit_events', {
    id: id(number),
    tenantId,
    sequence: number,
    occurredAt: 5,
    actorType: 'user',
    actorId: ADMIN,
    action: 'user.created',
    targetType: 'user',
    targetId: userId,
    outcome: 'success',
    requestId: 'r',
    canonical: '{}',
    leafHash: 'x',
  });

beforeAll(async () => {
  test = await createTestDatabase();
  plain = await openPlainDataSource(test.url);
  const runner = plain.createQueryRunner();
  const before = migrations.findIndex(({ name }) => name === FIRST);
  for (const Migration of migrations.slice(0, before)) await new Migration().up(runner);
  for (const tenantId of [ACME, GLOBEX]) {
    const times = { version: 1, configVersion: 1, createdAt: 5, updatedAt: 5 };
    await insert('tenants', { id: tenantId, slug: tenantId, name: 'T', state: 'active', settings: '{}', ...times });
  }
  for (const userId of [OWNER, PLANTED, UNKNOWN, LONELY]) await user(userId);
  await user(ADMIN, true);
  await created(21, INSTALLATION_ID, OWNER);
  await created(22, ACME, PLANTED);
  await created(23, INSTALLATION_ID, ADMIN);
  await member(31, ACME, OWNER);
  await member(32, ACME, PLANTED);
  await member(33, GLOBEX, PLANTED);
  await member(34, GLOBEX, UNKNOWN);
  for (const Migration of migrations.slice(before)) await new Migration().up(runner);
  const rows = (await runner.query('SELECT id, knownIn, emailVerifiedAt FROM users')) as {
    id: string;
    knownIn: string;
    emailVerifiedAt: number | null;
  }[];
  accounts = Object.fromEntries(
    rows.map((row) => [row.id, { knownIn: row.knownIn, verified: row.emailVerifiedAt !== null }]),
  );
  await runner.release();
});
afterAll(async () => {
  await plain.destroy();
  await test.drop();
});

describe('accounts from the time before invitations', () => {
  it.each([
    ['the platform made it, with its tenant', OWNER, INSTALLATION_ID, true],
    ['it administers the installation', ADMIN, INSTALLATION_ID, true],
    ['a tenant made it, whichever tenants took it in since then', PLANTED, ACME, false],
    ['no history says who made it: its first tenant', UNKNOWN, GLOBEX, false],
    ['no history says who made it, and it is no member', LONELY, LONELY, false],
  ])('an account counts where it should after the migration: %s', (_, userId, knownIn, verified) => {
    expect(accounts[userId]).toEqual({ knownIn, verified });
  });

  it('an address may belong to several accounts after the migration, and to one in each place', async () => {
    const values = { name: 'x', passwordHash: 'x', platformAdmin: 0, version: 1, createdAt: 5, updatedAt: 5 };
    const again = (number: number, knownIn: string) =>
      insert('users', { id: id(number), email: `${PLANTED}@example.com`, knownIn, ...values });
    await again(41, GLOBEX);
    await expect(again(42, ACME)).rejects.toThrow(/unique|duplicate/i);
  });
});
