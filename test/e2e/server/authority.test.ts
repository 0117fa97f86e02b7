import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { requestEvents } from '#audit';
import { Issuance } from '#certificates';
import {
  DAY,
  DomainError,
  INSTALLATION_ID,
  ManualClock,
  type PlatformScope,
  type TenantScope,
  platformScope,
  systemOrigin,
} from '#core';
import { type Database, TransactionMisuse, type Tx } from '#database';
import { Gateway } from '#service-keys';
import { Signing, TokenTransactions } from '#signing';
import { Invitations, SESSION_TTL } from '#tenants';

import { User } from '../../../libs/tenants/entities.js';
import { admitOnPlatform, admitService, admitUser, openUnchecked } from '../../support/admission.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { createApiToken, createServiceAccount, verify } from '../../support/people.js';
import {
  ADMIN,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { signIn } from '../admin/people.js';
import { createAuthority, csrPem } from '../certificates/pki.js';
import { type TestIssuer, createIssuer } from '../signing/issuer.js';

const clock = new ManualClock();
let database: TestDatabase;
/** Requests arrive at the first instance; what withdraws their right is acknowledged by the second one. */
let server: TestServer;
let other: TestServer;
let unchecked: Database;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ clock, database });
  other = await startTestServer({ clock, database });
  unchecked = await openUnchecked(database, server);
});
afterAll(async () => {
  await unchecked.close();
  await server.close();
  await other.close();
  await database.drop();
});

const isOfTenant = (scope: TenantScope | PlatformScope): scope is TenantScope => scope.tenantId !== INSTALLATION_ID;

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const record = async (tx: Tx): Promise<void> => tx.record(requestEvents.refused('probe', { outcome: 'denied' }));
const write = (on: Database, scope: TenantScope | PlatformScope): Promise<string> =>
  outcomeOf(isOfTenant(scope) ? on.transaction(scope, record) : on.platform(scope, record));
const read = (on: Database, scope: TenantScope | PlatformScope): Promise<string> =>
  outcomeOf(isOfTenant(scope) ? on.read(scope, async () => undefined) : on.readPlatform(scope, async () => undefined));
const checked = (): Database => server.server.installation.database;

const must = async (answer: Promise<{ status: number; text: string }>): Promise<void> => {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`It was answered ${status} ${text}`);
};

interface Person {
  readonly tenant: TestTenant;
  readonly userId: string;
  readonly email: string;
  readonly token: string;
}

describe('a user who was admitted', () => {
  const suspend = async (tenant: TestTenant) =>
    must(other.post(`/v1/tenants/${tenant.id}/suspend`, undefined, { token: await other.login() }));

  const withdrawals: readonly [what: string, withdraw: (person: Person) => Promise<void>, code: string][] = [
    [
      'is removed from the one tenant that knows the account',
      ({ tenant, userId }) => must(other.delete(`${tenant.path}/members/${userId}`, undefined, tenant.owner)),
      'INVALID_CREDENTIALS',
    ],
    [
      'gets a role without the permission',
      ({ tenant, userId }) => must(other.patch(`${tenant.path}/members/${userId}`, { role: 'auditor' }, tenant.owner)),
      'FORBIDDEN',
    ],
    ['logs out', (person) => must(other.post('/v1/auth/logout', undefined, person)), 'INVALID_CREDENTIALS'],
    [
      'changes the password in another session',
      async ({ email }) => {
        const change = { currentPassword: PASSWORD, newPassword: 'a different long password' };
        await must(other.post('/v1/auth/password', change, { token: await other.login(email, PASSWORD) }));
      },
      'INVALID_CREDENTIALS',
    ],
    ['is a member of a tenant that is suspended', ({ tenant }) => suspend(tenant), 'TENANT_SUSPENDED'],
    [
      'is a member of a tenant that is deleted',
      async ({ tenant }) => {
        const token = await other.login();
        const proof = { password: 'correct horse battery staple', confirm: tenant.slug };
        await must(other.delete(`/v1/tenants/${tenant.id}`, proof, { token }));
      },
      'NOT_FOUND',
    ],
  ];

  it.each(withdrawals)('an admitted user who %s can neither write nor read from then on', async (_, withdraw, code) => {
    const tenant = await createTenant(server);
    const member = await signIn(server, tenant, 'full_access');
    const person = { tenant, userId: member.userId, token: member.token!, email: `full-access@${tenant.slug}.test` };
    const scope = await admitUser(server, person.token, tenant, 'members:write');
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['accepted', 'accepted']);
    await withdraw(person);
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual([code, code]);
    // Without the check the scope itself would have been taken for the right.
    expect([await write(unchecked, scope), await read(unchecked, scope)]).toEqual(['accepted', 'accepted']);
  });

  it('an admitted user with a verified account who is removed from the tenant can neither write nor read from then on', async () => {
    const tenant = await createTenant(server);
    const { userId } = await signIn(server, tenant, 'full_access');
    await verify(server, ADMIN.password, userId);
    const token = await server.login(`full-access@${tenant.slug}.test`, PASSWORD);
    const scope = await admitUser(server, token, tenant, 'members:write');
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['accepted', 'accepted']);
    await must(other.delete(`${tenant.path}/members/${userId}`, undefined, tenant.owner));
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(await write(unchecked, scope)).toBe('accepted');
  });

  it('an admitted user whose session expires can neither write nor read from then on', async () => {
    const tenant = await createTenant(server);
    const scope = await admitUser(server, tenant.owner.token, tenant, 'members:write');
    clock.advance(SESSION_TTL);
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(
      Array.from({ length: 2 }, () => 'INVALID_CREDENTIALS'),
    );
    expect(await write(unchecked, scope)).toBe('accepted');
  });

  it('an admitted user whose role changes acts in the role of that moment, also for what the role grants', async () => {
    const tenant = await createTenant(server);
    const member = await signIn(server, tenant, 'full_access');
    const scope = await admitUser(server, member.token!, tenant, 'members:write');
    const add = (email: string, role: 'owner' | 'auditor') =>
      outcomeOf(server.server.app.get(Invitations).create(scope, { email, role }));
    expect(await add('one@new.test', 'owner')).toBe('ROLE_NOT_GRANTABLE');
    await must(other.patch(`${tenant.path}/members/${member.userId}`, { role: 'owner' }, tenant.owner));
    expect(await add('one@new.test', 'owner')).toBe('accepted');
    const { items } = (await server.get(`${tenant.path}/audit-events?action=invitation.created&limit=1`, tenant.owner))
      .body;
    expect(items).toMatchObject([{ actor: { id: member.userId, role: 'owner' } }]);
    await must(other.patch(`${tenant.path}/members/${member.userId}`, { role: 'full_access' }, tenant.owner));
    expect(await add('two@new.test', 'owner')).toBe('ROLE_NOT_GRANTABLE');
    expect(await add('two@new.test', 'auditor')).toBe('accepted');
  });

  it('a user cannot act with the session of another user', async () => {
    const tenant = await createTenant(server);
    const member = await signIn(server, tenant, 'full_access');
    const scope = await admitUser(server, member.token!, tenant, 'members:write');
    const { evidence } = await admitUser(server, tenant.owner.token, tenant, 'members:write');
    expect(await write(checked(), { ...scope, evidence: evidence! })).toBe('INVALID_CREDENTIALS');
  });
});

describe('an API token that was admitted', () => {
  interface Admitted {
    readonly tenant: TestTenant;
    readonly apiTokenId: string;
    readonly ownerId: string;
    readonly scope: TenantScope;
  }
  const PERMISSIONS = ['keys:read', 'keys:write'];

  async function ofMember(): Promise<Admitted> {
    const tenant = await createTenant(server);
    const { userId, token: session } = await signIn(server, tenant, 'full_access');
    const { id, token } = await createApiToken(server, tenant, PERMISSIONS, { call: { token: session! } });
    return { tenant, apiTokenId: id, ownerId: userId, scope: await admitUser(server, token, tenant, 'keys:write') };
  }
  async function ofAccount(): Promise<Admitted> {
    const tenant = await createTenant(server);
    const serviceAccountId = await createServiceAccount(server, tenant, 'full_access');
    const more = { allowedCidrs: ['127.0.0.0/8'] };
    const { id, token } = await createApiToken(server, tenant, PERMISSIONS, { serviceAccountId, more });
    const scope = await admitUser(server, token, tenant, 'keys:write');
    return { tenant, apiTokenId: id, ownerId: serviceAccountId, scope };
  }

  const withdrawals: readonly [
    what: string,
    admit: () => Promise<Admitted>,
    withdraw: (admitted: Admitted) => Promise<void>,
    code: string,
  ][] = [
    [
      'is revoked',
      ofMember,
      ({ tenant, apiTokenId }) =>
        must(other.delete(`${tenant.path}/api-tokens/${apiTokenId}`, undefined, tenant.owner)),
      'INVALID_CREDENTIALS',
    ],
    [
      'belongs to a member who is removed',
      ofMember,
      ({ tenant, ownerId }) => must(other.delete(`${tenant.path}/members/${ownerId}`, undefined, tenant.owner)),
      'INVALID_CREDENTIALS',
    ],
    [
      'belongs to a member who gets a role without the permission',
      ofMember,
      ({ tenant, ownerId }) =>
        must(other.patch(`${tenant.path}/members/${ownerId}`, { role: 'auditor' }, tenant.owner)),
      'FORBIDDEN',
    ],
    [
      'belongs to a service account that is deleted',
      ofAccount,
      ({ tenant, ownerId }) =>
        must(other.delete(`${tenant.path}/service-accounts/${ownerId}`, undefined, tenant.owner)),
      'INVALID_CREDENTIALS',
    ],
    [
      'works in a tenant that is suspended',
      ofAccount,
      async ({ tenant }) =>
        must(other.post(`/v1/tenants/${tenant.id}/suspend`, undefined, { token: await other.login() })),
      'TENANT_SUSPENDED',
    ],
    ['has expired', ofAccount, async () => clock.advance(30 * DAY), 'INVALID_CREDENTIALS'],
  ];

  it.each(withdrawals)(
    'an admitted API token that %s can neither write nor read from then on',
    async (_, admit, withdraw, code) => {
      const admitted = await admit();
      const { scope } = admitted;
      expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['accepted', 'accepted']);
      await withdraw(admitted);
      expect([await write(checked(), scope), await read(checked(), scope)]).toEqual([code, code]);
      // Without the check the scope itself would have been taken for the right.
      expect([await write(unchecked, scope), await read(unchecked, scope)]).toEqual(['accepted', 'accepted']);
    },
  );

  it('an API token is not accepted for another owner, permission or address than its own', async () => {
    const { scope } = await ofAccount();
    const { evidence } = scope;
    const changed: readonly [TenantScope, string][] = [
      [{ ...scope, actor: { ...scope.actor, id: 'somebody' } }, 'INVALID_CREDENTIALS'],
      [{ ...scope, evidence: { ...evidence, permission: 'services:write' } as typeof evidence & object }, 'FORBIDDEN'],
      [{ ...scope, sourceAddress: '192.0.2.1' }, 'API_TOKEN_ADDRESS_NOT_ALLOWED'],
    ];
    for (const [attempt, code] of changed) expect(await write(checked(), attempt)).toBe(code);
  });
});

describe('a platform administrator who was admitted', () => {
  it('a platform administrator who logs out can neither write nor read from then on', async () => {
    const token = await server.login();
    const scope = await admitOnPlatform(server, token, 'tenants:manage');
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['accepted', 'accepted']);
    await must(other.post('/v1/auth/logout', undefined, { token }));
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual([
      'INVALID_CREDENTIALS',
      'INVALID_CREDENTIALS',
    ]);
    expect(await write(unchecked, scope)).toBe('accepted');
  });

  it('a user who is no platform administrator any more can neither write nor read from then on', async () => {
    const scope = await admitOnPlatform(server, await server.login(), 'tenants:manage');
    const setAdmin = (platformAdmin: boolean) =>
      unchecked.platform(platformScope(systemOrigin('test')), async (tx) => {
        tx.housekeeping('a test');
        await tx.update(User, { id: scope.actor.id }, { platformAdmin });
      });
    await setAdmin(false);
    expect([await write(checked(), scope), await read(checked(), scope)]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect(await write(unchecked, scope)).toBe('accepted');
    await setAdmin(true);
  });
});

describe('a service that was admitted', () => {
  let tenant: TestTenant;
  let issuer: TestIssuer;
  let credentialId: string;
  let scope: TenantScope;

  async function admit(): Promise<void> {
    tenant = await createTenant(server);
    issuer = await createIssuer(server, tenant);
    scope = await admitService(server, issuer.service.serviceKey);
    credentialId = scope.actor.credentialId!;
    await must(server.patch(tenant.path, { settings: { credentialsPerType: 3 } }, tenant.owner));
    const second = { authType: 'service_key' };
    await must(server.post(`${tenant.path}/services/${issuer.service.id}/credentials`, second, tenant.owner));
  }
  const ofCredential = (action: string, body?: object) =>
    must(
      other.post(
        `${tenant.path}/services/${issuer.service.id}/credentials/${credentialId}/${action}`,
        body,
        tenant.owner,
      ),
    );
  const discard = () => ofCredential('discard');
  const change = (body: object) =>
    must(other.patch(`${tenant.path}/services/${issuer.service.id}`, body, tenant.owner));

  const withdrawals: readonly [what: string, withdraw: () => Promise<void>, code: string][] = [
    ['whose credential is discarded', discard, 'CREDENTIAL_INACTIVE'],
    ['whose credential is replaced', () => ofCredential('regenerate', {}), 'CREDENTIAL_INACTIVE'],
    ['whose credential is compromised', () => ofCredential('compromise', {}), 'CREDENTIAL_COMPROMISED'],
    ['whose address is no longer allowed', () => change({ allowedCidrs: ['198.51.100.0/24'] }), 'IP_NOT_ALLOWED'],
    [
      'that is deleted',
      () => must(other.delete(`${tenant.path}/services/${issuer.service.id}`, { password: PASSWORD }, tenant.owner)),
      'INVALID_CREDENTIALS',
    ],
    [
      'whose tenant is suspended',
      async () => must(other.post(`/v1/tenants/${tenant.id}/suspend`, undefined, { token: await other.login() })),
      'TENANT_SUSPENDED',
    ],
  ];

  it.each(withdrawals)('an admitted service that %s can write nothing from then on', async (_, withdraw, code) => {
    await admit();
    expect(await write(checked(), scope)).toBe('accepted');
    await withdraw();
    expect(await write(checked(), scope)).toBe(code);
    expect(await write(unchecked, scope)).toBe('accepted');
  });

  it('a service whose credential is discarded between the guard and the transaction leaves a refused use', async () => {
    await admit();
    await createAuthority(server, tenant);
    const { database } = server.server.installation;
    const original = database.commit.bind(database);
    database.commit = async <Result>(...[asked, prepare]: Parameters<typeof original<Result>>) => {
      database.commit = original;
      await discard();
      return original(asked, prepare);
    };
    const asked = { csr: csrPem('service') };
    const answer = await server.post('/v1/certificates', asked, { serviceKey: issuer.service.serviceKey });
    database.commit = original;
    expect(answer.body['code']).toBe('CREDENTIAL_INACTIVE');
    const path = `${tenant.path}/services/${issuer.service.id}/credentials/${credentialId}`;
    const { body } = await server.get(path, tenant.owner);
    expect(body).toMatchObject({ refusedUses: 1, lastRefusedAt: expect.any(String) as string });
    const query = `action=credential.use_refused&credentialId=${credentialId}`;
    const events = await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner);
    expect(events.body['items']).toHaveLength(1);
  });

  it('a service signs, verifies, reads transactions, asks about callers and gets certificates by its rights at that moment', async () => {
    await admit();
    await createAuthority(server, tenant);
    const { app } = server.server;
    const caller = { profiles: ['*'] };
    const { token } = (await issuer.sign()).body;
    const presented = { profile: issuer.profile, token: token! };
    const facts = { serviceKey: issuer.service.serviceKey, sourceAddress: '127.0.0.1' };
    const uses: Record<string, () => Promise<unknown>> = {
      sign: () => app.get(Signing).sign(scope, caller, issuer.profile, {}),
      batch: () => app.get(Signing).signAll(scope, caller, issuer.profile, [{}, {}]),
      verify: () => app.get(Signing).verify(scope, caller, presented, { consume: true }),
      diagnose: () => app.get(Signing).diagnose(scope, caller, presented),
      transactions: () => app.get(TokenTransactions).ofPhone(scope, ['*'], '+4915112345678', {}),
      accept: () => app.get(Gateway).recordAcceptance(scope, credentialId, issuer.service.id),
      authenticate: async () => {
        const verdict = await app.get(Gateway).authenticate(scope, facts);
        if (!verdict.caller) throw new Error(verdict.code);
      },
      certificate: () => app.get(Issuance).issue(scope, { csr: csrPem('service'), serviceId: issuer.service.id }),
    };
    const outcomes = async () =>
      Object.fromEntries(
        await Promise.all(Object.entries(uses).map(async ([name, use]) => [name, await outcomeOf(use())])),
      );
    const all = (outcome: string) => Object.fromEntries(Object.keys(uses).map((name) => [name, outcome]));
    expect(await outcomes()).toEqual(all('accepted'));
    const eventsOf = async (): Promise<number> => {
      const { body } = await server.get(
        `${tenant.path}/audit-events?actor=${issuer.service.id}&limit=200`,
        tenant.owner,
      );
      return (body['items'] as unknown as Shape[]).length;
    };
    const before = await eventsOf();
    await discard();
    // The question of a gateway is answered with a verdict: the next but one test.
    delete uses['authenticate'];
    expect(await outcomes()).toEqual(all('CREDENTIAL_INACTIVE'));
    expect(await eventsOf()).toBe(before);
  });

  it('a service uses the profiles that it is granted at that moment', async () => {
    await admit();
    const { app } = server.server;
    const caller = { profiles: ['*'] };
    const sign = () => outcomeOf(app.get(Signing).sign(scope, caller, issuer.profile, {}));
    expect(await sign()).toBe('accepted');
    await change({ profiles: [] });
    expect(await sign()).toBe('PROFILE_NOT_GRANTED');
    await change({ profiles: [issuer.profile] });
    expect(await sign()).toBe('accepted');
  });

  it('a gateway is told about its callers by their rights at that moment', async () => {
    await admit();
    const gateway = await createIssuer(server, tenant);
    const asking = await admitService(server, gateway.service.serviceKey);
    const { app } = server.server;
    const authenticator = app.get(Gateway);
    const facts = { serviceKey: issuer.service.serviceKey, sourceAddress: '127.0.0.1' };
    expect((await authenticator.authenticate(asking, facts)).code).toBe('OK');
    await discard();
    expect((await authenticator.authenticate(asking, facts)).code).toBe('CREDENTIAL_INACTIVE');
  });
});

describe('a caller whom a profile admits', () => {
  it('a caller admitted by a profile is rejected once the tenant is suspended or the profile was changed', async () => {
    const tenant = await createTenant(server);
    const issuer = await createIssuer(server, tenant);
    const { body } = await server.get(`${tenant.path}/token-profiles/${issuer.profile}`, tenant.owner);
    const version: number = body['revision']!;
    const scope: TenantScope = { ...systemOrigin('id-token'), evidence: { kind: 'tenant' }, tenantId: tenant.id };
    const sign = (profileVersion: number) =>
      outcomeOf(
        server.server.app.get(Signing).sign(scope, { profiles: [issuer.profile], profileVersion }, issuer.profile, {}),
      );
    expect(await sign(version)).toBe('accepted');
    await must(other.patch(`${tenant.path}/token-profiles/${issuer.profile}`, { ttlSeconds: 30 }, tenant.owner));
    expect(await sign(version)).toBe('INVALID_CREDENTIALS');
    expect(await sign(version + 1)).toBe('accepted');
    await must(other.post(`/v1/tenants/${tenant.id}/suspend`, undefined, { token: await other.login() }));
    expect(await sign(version + 1)).toBe('TENANT_SUSPENDED');
  });
});

describe('a scope', () => {
  it.each(['user', 'service'] as const)(
    'a scope of a %s that shows no evidence is a mistake of the program',
    async (type) => {
      const tenant = await createTenant(server);
      const scope: TenantScope = { ...systemOrigin('test'), actor: { type, id: 'x', name: 'x' }, tenantId: tenant.id };
      await expect(checked().transaction(scope, record)).rejects.toThrow(TransactionMisuse);
      await expect(checked().read(scope, async () => undefined)).rejects.toThrow(TransactionMisuse);
    },
  );

  it('a scope of the system works for a tenant that is suspended', async () => {
    const tenant = await createTenant(server);
    await must(other.post(`/v1/tenants/${tenant.id}/suspend`, undefined, { token: await other.login() }));
    expect(await write(checked(), { ...systemOrigin('test'), tenantId: tenant.id })).toBe('accepted');
  });
});
