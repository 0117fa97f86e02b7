import type { INestApplicationContext } from '@nestjs/common';

import { RepeatedEvents } from '#audit';
import { ManualClock, type TenantScope, type TimeSource, platformScope, systemOrigin } from '#core';
import { Database } from '#database';
import {
  Authenticator,
  CredentialCleanup,
  CredentialExpiry,
  CredentialSteps,
  CredentialSuccession,
  CredentialUsage,
  CredentialInventory,
  Credentials,
  RefusedUses,
  Services,
} from '#service-keys';
import { Members, Tenants } from '#tenants';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { openModules } from '../../support/modules.js';
import { PASSWORD } from '../../support/server.js';

/** One process's worth of credential use-cases. */
export interface Instance {
  readonly modules: INestApplicationContext;
  readonly database: Database;
  readonly tenants: Tenants;
  readonly members: Members;
  readonly services: Services;
  readonly credentials: Credentials;
  readonly inventory: CredentialInventory;
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

async function openInstance(test: TestDatabase, clock: TimeSource): Promise<Instance> {
  const modules = await openModules(test.url, clock);
  return {
    modules,
    database: modules.get(Database),
    repeatedEvents: modules.get(RepeatedEvents),
    refusedUses: modules.get(RefusedUses),
    tenants: modules.get(Tenants),
    members: modules.get(Members),
    services: modules.get(Services),
    credentials: modules.get(Credentials),
    inventory: modules.get(CredentialInventory),
    steps: modules.get(CredentialSteps),
    usage: modules.get(CredentialUsage),
    authenticator: modules.get(Authenticator),
    expiry: modules.get(CredentialExpiry),
    succession: modules.get(CredentialSuccession),
    cleanup: modules.get(CredentialCleanup),
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
      for (const instance of opened) await instance.modules.close();
      await test.drop();
    },
  };
}
