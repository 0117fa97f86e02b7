import { randomBytes } from 'node:crypto';

import { JwtService } from '@nestjs/jwt';

import { History, RepeatedEvents, auditEntities, recordEvents } from '#audit';
import {
  type Actor,
  DAY,
  HOUR,
  ManualClock,
  type Origin,
  type PlatformScope,
  Secret,
  type TenantScope,
  platformScope,
  systemOrigin,
} from '#core';
import { CpuQueue, PasswordHasher, localKeyEncryptionKey, normalizePassword } from '#crypto';
import { Database, type EntityClass } from '#database';
import {
  Access,
  AccountSecrets,
  Invitations,
  Members,
  PasswordGuard,
  PasswordResets,
  RefusedPasswords,
  type Role,
  SessionKeys,
  SessionRenewals,
  SessionTokens,
  Sessions,
  Tenants,
  Users,
  configurationNumbers,
  tenantEntities,
} from '#tenants';
import { Vault, vaultEntities } from '#vault';

import { createMigratedDatabase } from './database.js';

export const PASSWORD = 'correct horse battery staple';
export const SESSION_LIMITS = { idle: 8 * HOUR, absolute: 30 * DAY };
const CHEAP_HASH = { memoryKibibytes: 8, passes: 1, parallelism: 1 };

/** The services below the HTTP shell, wired by hand on a database of their own. */
export interface Installation {
  /** For a second instance on the same database: `Database.open({ url, ... })`. */
  readonly url: string;
  readonly clock: ManualClock;
  readonly database: Database;
  readonly vault: Vault;
  readonly hasher: PasswordHasher;
  readonly guard: PasswordGuard;
  readonly users: Users;
  readonly tenants: Tenants;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly resets: PasswordResets;
  readonly sessions: Sessions;
  readonly renewals: SessionRenewals;
  readonly secrets: AccountSecrets;
  readonly tokens: SessionTokens;
  readonly sessionKeys: SessionKeys;
  readonly access: Access;
  readonly history: History;
  /** The platform administrator's own scope; the password is `PASSWORD`. */
  readonly platform: PlatformScope;
  drop(): Promise<void>;
}

/** @param entities of the libraries that the test needs beside the vault's, the history's and the tenants' */
export async function openInstallation(entities: readonly EntityClass[] = []): Promise<Installation> {
  const test = await createMigratedDatabase();
  const clock = new ManualClock();
  const database = await Database.open({
    url: test.url,
    entities: [...auditEntities, ...vaultEntities, ...tenantEntities, ...entities],
    clock,
    recorder: recordEvents,
    configurations: configurationNumbers,
  });
  await database.migrate();
  const vault = new Vault(database);
  await vault.unseal([localKeyEncryptionKey(new Secret(randomBytes(32)))]);
  const queue = new CpuQueue((what) => database.requireNoTransaction(what));
  const hasher = new PasswordHasher({ parameters: CHEAP_HASH, queue });
  const guard = new PasswordGuard(database, hasher);
  const repeatedEvents = new RepeatedEvents(database);
  const refusedPasswords = new RefusedPasswords(database, repeatedEvents);
  const users = new Users(database, guard, refusedPasswords);
  const secrets = new AccountSecrets(vault);
  const sessionKeys = new SessionKeys(vault);
  await sessionKeys.prepare();
  const tokens = new SessionTokens(database, new JwtService({}), sessionKeys);
  const renewals = new SessionRenewals(database, secrets, tokens, SESSION_LIMITS);
  const passwordHash = await hasher.hash(normalizePassword(PASSWORD), 'admin');
  const admin = await database.platform(platformScope(systemOrigin('test')), (tx) =>
    users.create(tx, { email: 'admin@example.com', name: 'Admin', passwordHash, platformAdmin: true }),
  );
  return {
    url: test.url,
    clock,
    database,
    vault,
    hasher,
    guard,
    users,
    tenants: new Tenants(database, vault, users),
    members: new Members(database),
    invitations: new Invitations(database, secrets, users),
    resets: new PasswordResets(database, secrets, users),
    sessions: new Sessions(database, guard, users, tokens, renewals, refusedPasswords),
    renewals,
    secrets,
    tokens,
    sessionKeys,
    access: new Access(database),
    history: new History(database),
    platform: platformScope(originOf({ type: 'user', id: admin.id, name: admin.email })),
    drop: async () => {
      await database.close();
      await test.drop();
    },
  };
}

export const originOf = (actor: Actor): Origin => ({ actor, requestId: 'test', sourceAddress: '192.0.2.1' });

let made = 0;
/** A name that no other call in this process has answered. */
export const fresh = (prefix: string): string => `${prefix}-${++made}`;

export interface TestTenant {
  readonly id: string;
  readonly slug: string;
  readonly ownerId: string;
  /** The owner's scope. */
  readonly owner: TenantScope;
}

/** A tenant with an owner whose password is `PASSWORD`. */
export async function createTenant({ tenants, members, platform }: Installation): Promise<TestTenant> {
  const slug = fresh('tenant');
  const owner = { email: `${fresh('owner')}@example.com`, name: 'Owner', password: PASSWORD };
  const { id } = await tenants.create(platform, { slug, name: slug, owner });
  const [member] = (await members.list({ ...platform, tenantId: id }, {})).items;
  return { id, slug, ownerId: member!.userId, owner: scopeOf(id, member!.userId, 'owner') };
}

/** The scope of a user with a role in a tenant. */
export const scopeOf = (tenantId: string, userId: string, role: Role): TenantScope => ({
  ...originOf({ type: 'user', id: userId, name: userId, role }),
  tenantId,
});

/** A person without a session. */
export const NOBODY = platformScope(originOf({ type: 'system', id: 'nobody', name: 'nobody' }));

/** A new member of the tenant, by invitation. */
export async function addMember({ invitations }: Installation, tenant: TestTenant, role: Role, password = PASSWORD) {
  const email = `${fresh('member')}@example.com`;
  const { token } = await invitations.create(tenant.owner, { email, role });
  const account = { name: 'Member', password };
  const { user } = await invitations.acceptAsNew(NOBODY, token.reveal(), account);
  return { userId: user.id, email, scope: scopeOf(tenant.id, user.id, role) };
}
