import { randomBytes } from 'node:crypto';

import { RepeatedEvents, auditEntities, recordEvents } from '#audit';
import {
  type Clock,
  MINUTE,
  ManualClock,
  Secret,
  type TenantScope,
  WindowCounters,
  platformScope,
  systemOrigin,
} from '#core';
import { PasswordHasher, localKeyEncryptionKey } from '#crypto';
import { Database } from '#database';
import {
  Authenticator,
  CredentialCleanup,
  CredentialExpiry,
  CallerDirectory,
  CredentialFilter,
  CredentialSecrets,
  CredentialSteps,
  CredentialSuccession,
  CredentialUsage,
  Credentials,
  FailedAuthentications,
  RefusedUses,
  Services,
  serviceKeyEntities,
} from '#service-keys';
import {
  Members,
  PasswordGuard,
  RefusedPasswords,
  Tenants,
  Users,
  configurationNumbers,
  tenantEntities,
} from '#tenants';
import { Vault, vaultEntities } from '#vault';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { CHEAP_PASSWORDS, PASSWORD } from '../../support/server.js';

/** One process's worth of credential use-cases. */
export interface Instance {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly members: Members;
  readonly services: Services;
  readonly credentials: Credentials;
  readonly steps: CredentialSteps;
  readonly authenticator: Authenticator;
  readonly usage: CredentialUsage;
  readonly refusedUses: RefusedUses;
  readonly repeatedEvents: RepeatedEvents;
  readonly expiry: CredentialExpiry;
  readonly succession: CredentialSuccession;
  readonly cleanup: CredentialCleanup;
}

export interface Fixture extends Instance {
  readonly clock: ManualClock;
  /** The owner of a fresh tenant. */
  readonly scope: TenantScope;
  readonly password: string;
  /** Another process on the same database. */
  another(): Promise<Instance>;
  newTenant(): Promise<TenantScope>;
  drop(): Promise<void>;
}

const entities = [...vaultEntities, ...auditEntities, ...tenantEntities, ...serviceKeyEntities];
/** More than any test has. */
const FAILURES = { quota: 1_000_000, windowMilliseconds: MINUTE };
const masterKey = localKeyEncryptionKey(new Secret(randomBytes(32)));

async function openInstance(test: TestDatabase, clock: Clock): Promise<Instance> {
  const database = await Database.open({
    url: test.url,
    entities,
    clock,
    recorder: recordEvents,
    configurations: configurationNumbers,
  });
  await database.migrate();
  const vault = new Vault(database);
  await vault.unseal([masterKey]);
  const repeatedEvents = new RepeatedEvents(database);
  const guard = new PasswordGuard(database, new PasswordHasher({ parameters: CHEAP_PASSWORDS }));
  const users = new Users(database, guard, new RefusedPasswords(database, repeatedEvents));
  const secrets = new CredentialSecrets(vault);
  await secrets.prepare();
  const steps = new CredentialSteps(secrets);
  const usage = new CredentialUsage(database);
  const failures = new FailedAuthentications(new WindowCounters(clock), clock, FAILURES);
  const directory = new CallerDirectory(database, secrets);
  const filter = new CredentialFilter(database, secrets);
  const refusedUses = new RefusedUses(repeatedEvents);
  return {
    database,
    repeatedEvents,
    refusedUses,
    tenants: new Tenants(database, vault, users),
    members: new Members(database),
    services: new Services(database, secrets, users, { lock: async (_tx, names) => names }),
    credentials: new Credentials(database, secrets, steps, users),
    steps,
    usage,
    authenticator: new Authenticator(database, secrets, directory, usage, filter, failures, refusedUses),
    expiry: new CredentialExpiry(database, steps),
    succession: new CredentialSuccession(database, steps),
    cleanup: new CredentialCleanup(database, steps),
  };
}

export async function openFixture(): Promise<Fixture> {
  const test = await createMigratedDatabase();
  const clock = new ManualClock();
  const opened: Instance[] = [];
  const open = async (): Promise<Instance> => {
    const instance = await openInstance(test, clock);
    opened.push(instance);
    return instance;
  };
  const first = await open();
  let tenants = 0;
  const newTenant = async (): Promise<TenantScope> => {
    const slug = `tenant-${++tenants}`;
    const owner = { email: `owner@${slug}.test`, name: 'Owner', password: PASSWORD };
    const origin = systemOrigin('test');
    const { id: tenantId } = await first.tenants.create(platformScope(origin), { slug, name: slug, owner });
    const { items } = await first.members.list({ ...origin, tenantId }, {});
    return { ...origin, tenantId, actor: { type: 'user', id: items[0]!.userId, name: owner.email, role: 'owner' } };
  };
  return {
    ...first,
    clock,
    scope: await newTenant(),
    password: PASSWORD,
    another: open,
    newTenant,
    drop: async () => {
      for (const instance of opened) await instance.database.close();
      await test.drop();
    },
  };
}
