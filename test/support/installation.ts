import { History } from '#audit';
import {
  type Actor,
  DAY,
  HOUR,
  ManualClock,
  type Origin,
  type PlatformScope,
  type TenantScope,
  platformScope,
  systemOrigin,
} from '#core';
import { PasswordHasher, normalizePassword } from '#crypto';
import { Database } from '#database';
import {
  Access,
  AccountSecrets,
  Invitations,
  Members,
  PasswordGuard,
  PasswordResets,
  type Role,
  SessionKeys,
  SessionRenewals,
  SessionTokens,
  Sessions,
  SignIns,
  type StartedSession,
  Tenants,
  Users,
} from '#tenants';
import { Vault } from '#vault';

import { createMigratedDatabase } from './database.js';
import { openModules } from './modules.js';

export const PASSWORD = 'correct horse battery staple';
export const SESSION_LIMITS = { idle: 8 * HOUR, absolute: 30 * DAY, passwordSignIn: true };

/** The services below the HTTP shell, on a database of their own. */
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
  /** The session of an account without a second factor. */
  readonly signIn: (...at: Parameters<SignIns['start']>) => Promise<StartedSession>;
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

export async function openInstallation(): Promise<Installation> {
  const test = await createMigratedDatabase();
  const clock = new ManualClock();
  const modules = await openModules(test.url, clock);
  const database = modules.get(Database);
  const hasher = modules.get(PasswordHasher);
  const users = modules.get(Users);
  const passwordHash = await hasher.hash(normalizePassword(PASSWORD), 'admin');
  const admin = await database.platform(platformScope(systemOrigin('test')), (tx) =>
    users.create(tx, { email: 'admin@example.com', name: 'Admin', passwordHash, platformAdmin: true }),
  );
  return {
    url: test.url,
    clock,
    database,
    vault: modules.get(Vault),
    hasher,
    guard: modules.get(PasswordGuard),
    users,
    tenants: modules.get(Tenants),
    members: modules.get(Members),
    invitations: modules.get(Invitations),
    resets: modules.get(PasswordResets),
    sessions: modules.get(Sessions),
    signIn: async (scope, email, password, details) => {
      const started = await modules.get(SignIns).start(scope, email, password, details);
      if ('signInToken' in started) throw new Error(`${email} has a second factor`);
      return started;
    },
    renewals: modules.get(SessionRenewals),
    secrets: modules.get(AccountSecrets),
    tokens: modules.get(SessionTokens),
    sessionKeys: modules.get(SessionKeys),
    access: modules.get(Access),
    history: modules.get(History),
    platform: platformScope(originOf({ type: 'user', id: admin.id, name: admin.email })),
    drop: async () => {
      await modules.close();
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

/** Whether a tenant has an identity provider of its own. */
export const WITHOUT_PROVIDER = async (): Promise<boolean> => false;

/** A person without a session. */
export const NOBODY = platformScope(originOf({ type: 'system', id: 'nobody', name: 'nobody' }));

/** A new member of the tenant, by invitation. */
export async function addMember({ invitations }: Installation, tenant: TestTenant, role: Role, password = PASSWORD) {
  const email = `${fresh('member')}@example.com`;
  const { token } = await invitations.create(tenant.owner, { email, role });
  const account = { name: 'Member', password };
  const { user } = await invitations.acceptAsNew(NOBODY, token!.reveal(), account, WITHOUT_PROVIDER);
  return { userId: user.id, email, scope: scopeOf(tenant.id, user.id, role) };
}
