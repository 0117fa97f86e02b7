import { type Clock, ManualClock, type TenantScope, systemOrigin, selfDeciding } from '#core';
import {
  DueKeyDestructions,
  DueRotations,
  DueVersionSteps,
  KeyDeletion,
  KeyDryRuns,
  KeyRotation,
  Keys,
  type KeyWithVersions,
  type NewKey,
} from '#keys';
import { Services } from '#service-keys';
import { Signing, type SignedToken, TokenProfiles, type Verdict } from '#signing';

import { createMigratedDatabase } from './database.js';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from './server.js';

// Two instances of a test listen on different ports and would have different issuers.
const ISSUER = 'https://issuer.test';
const CALLER = { profiles: ['*'] };

/** One instance with a tenant, whose keys a test moves on by hand. */
export interface KeyFixture {
  readonly server: TestServer;
  readonly clock: ManualClock;
  readonly tenant: TestTenant;
  readonly scope: TenantScope;
  readonly keys: Keys;
  readonly rotation: KeyRotation;
  readonly deletion: KeyDeletion;
  readonly dryRuns: KeyDryRuns;
  /** A key, and a profile of the same name that signs with it. */
  keyInUse(name: string, request?: Partial<NewKey> & { ttlSeconds?: number }): Promise<string>;
  sign(profile: string): Promise<SignedToken>;
  verify(profile: string, token: string): Promise<Verdict>;
  /** `number: state` of every version as the clock has it, oldest first. */
  states(keyId: string): Promise<string[]>;
  kids(): Promise<(string | undefined)[]>;
  /** One run of everything that the scheduler does about keys. */
  runScheduler(): Promise<number>;
  close(): Promise<void>;
}

async function wrap(server: TestServer, tenant: TestTenant, close: () => Promise<void>): Promise<KeyFixture> {
  const { app } = server.server;
  const scope: TenantScope = { ...systemOrigin('test'), tenantId: tenant.id };
  const keys = app.get(Keys);
  const expirables = [app.get(DueRotations), app.get(DueVersionSteps), app.get(DueKeyDestructions)];
  return {
    server,
    clock: server.clock as ManualClock,
    tenant,
    scope,
    keys,
    rotation: app.get(KeyRotation),
    deletion: app.get(KeyDeletion),
    dryRuns: app.get(KeyDryRuns),
    async keyInUse(name, { ttlSeconds = 300, ...request } = {}) {
      const { key } = await keys.generate(scope, { name, algorithm: 'ES256', ...request });
      await app.get(TokenProfiles).create(scope, { name, format: 'jwt', keyId: key.id, issuer: ISSUER, ttlSeconds });
      return key.id;
    },
    sign: (profile) => app.get(Signing).sign(scope, CALLER, profile, { subject: 'user-42' }),
    verify: (profile, token) => app.get(Signing).verify(scope, CALLER, { profile, token }),
    states: async (keyId) => statesOf(await keys.get(scope, keyId)),
    kids: async () => (await keys.jwks(scope)).keys.map(({ kid }) => kid),
    async runScheduler() {
      let handled = 0;
      for (const expirable of expirables) handled += await expirable.recordDue(100);
      return handled;
    },
    close,
  };
}

export const statesOf = ({ versions }: KeyWithVersions): string[] =>
  versions.map(({ number, state }) => `${number}: ${state}`).toReversed();

export const kidOf = ({ versions }: KeyWithVersions, number: number): string =>
  versions.find((version) => version.number === number)!.kid;

/** Two instances on one database with one clock, and the tenant of both. */
export async function startTwo(): Promise<{ fixtures: [KeyFixture, KeyFixture]; close(): Promise<void> }> {
  const database = await createMigratedDatabase();
  const clock = new ManualClock();
  const servers = [await startTestServer({ database, clock }), await startTestServer({ database, clock })] as const;
  const tenant = await createTenant(servers[0]);
  const close = async (): Promise<void> => undefined;
  return {
    fixtures: [await wrap(servers[0], tenant, close), await wrap(servers[1], tenant, close)],
    close: async () => {
      for (const server of servers) await server.close();
      await database.drop();
    },
  };
}

export async function startOne(options: { clock?: Clock } = {}): Promise<KeyFixture> {
  const server = await startTestServer(options);
  return wrap(server, await createTenant(server), () => server.close());
}

export const grantService = (fixture: KeyFixture, name: string, profiles: string[]): Promise<unknown> =>
  fixture.server.server.app.get(Services).create(fixture.scope, { name, profiles });

/** The owner of the fixture's tenant, who has a password to confirm: `PASSWORD`. */
export async function ownerOf({ server, tenant, scope }: KeyFixture): Promise<TenantScope> {
  const me = await server.get('/v1/auth/me', { token: await server.login(tenant.owner.email, PASSWORD) });
  return selfDeciding({ ...scope, actor: { type: 'user', id: me.body['user']!['id']!, name: tenant.owner.email } });
}

/** Overrules what protects the last working key. */
export const FORCED = { force: true, password: PASSWORD } as const;
