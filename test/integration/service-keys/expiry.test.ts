import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, DomainError, HOUR, type TenantScope } from '#core';
import type { EntityClass } from '#database';
import {
  type AuthType,
  type Credential,
  type CredentialState,
  type EffectiveCredential,
  serviceKeyEntities,
} from '#service-keys';

import { type Fixture, type Instance, openFixture } from './fixture.js';
import { historyOf } from '../../support/history.js';

const credentialEntity = serviceKeyEntities.find(({ name }) => name === 'Credential') as EntityClass<Credential>;

describe('credentials whose time comes', () => {
  let fixture: Fixture;
  let scope: TenantScope;
  let services = 0;

  beforeAll(async () => {
    fixture = await openFixture();
    scope = fixture.scope;
  });
  afterAll(() => fixture.drop());

  const list = async (serviceId: string, authType: AuthType = 'service_key'): Promise<EffectiveCredential[]> =>
    (await fixture.inventory.listOfService(scope, serviceId, { authType }, { limit: 200 })).items;

  const use = (serviceKey: string): Promise<string> =>
    fixture.authenticator.authenticate({ serviceKey, sourceAddress: null }, scope).then(
      () => 'OK',
      (error: unknown) => (error as DomainError).code,
    );

  const runScheduler = async ({ expiry, succession, cleanup }: Instance = fixture): Promise<void> => {
    while ((await expiry.recordDue(100)) === 100);
    while ((await succession.recordDue(100)) > 0);
    while ((await cleanup.recordDue(100)) > 0);
  };

  const events = async (action: string, targetId: string): Promise<number> =>
    (await historyOf(fixture.database).list(scope, { action, targetId }, {})).items.length;

  it('a credential is rejected in the instant of its expiry, although no scheduler ran', async () => {
    const { service } = await fixture.services.create(scope, { name: `service ${++services}` });
    const expiresAt = fixture.clock.now() + HOUR;
    const { secret, credential } = await fixture.credentials.create(scope, service.id, {
      authType: 'service_key',
      expiresAt,
    });
    fixture.clock.set(expiresAt - 1);
    expect(await use(secret.reveal())).toBe('OK');
    fixture.clock.set(expiresAt);
    expect(await use(secret.reveal())).toBe('CREDENTIAL_EXPIRED');
    expect((await list(service.id)).find((one) => one.credential.id === credential.id)!.state).toBe('expired');
  });

  it('a regenerated credential is rejected in the instant in which its overlap ends; until then both work', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const successor = await fixture.credentials.regenerate(scope, service.id, serviceKey.credential.id, {
      overlapSeconds: 60,
    });
    const ends = fixture.clock.now() + 60_000;
    expect(successor.overlapEndsAt).toBe(ends);
    fixture.clock.set(ends - 1);
    expect([await use(serviceKey.secret.reveal()), await use(successor.secret.reveal())]).toEqual(['OK', 'OK']);
    fixture.clock.set(ends);
    expect(await use(serviceKey.secret.reveal())).toBe('CREDENTIAL_INACTIVE');
    await runScheduler();
    expect(await events('credential.overlap_ended', serviceKey.credential.id)).toBe(1);
    expect(await use(successor.secret.reveal())).toBe('OK');
  });

  it('an overlap never outlasts the old credential', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const expiresAt = fixture.clock.now() + HOUR;
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, { expiresAt });
    const { overlapEndsAt } = await fixture.credentials.regenerate(scope, service.id, serviceKey.credential.id, {
      overlapSeconds: 2 * 3_600,
    });
    expect(overlapEndsAt).toBe(expiresAt);
  });

  it('the scheduler creates the successor of a last active credential ahead of its expiry, once', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const expiresAt = fixture.clock.now() + 100 * DAY;
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, { expiresAt });
    fixture.clock.set(expiresAt - 14 * DAY - 1);
    await runScheduler();
    expect(await list(service.id)).toHaveLength(1);
    fixture.clock.set(expiresAt - 14 * DAY);
    await runScheduler();
    await runScheduler();
    const both = await list(service.id);
    expect(both.map(({ state }) => state)).toEqual(['active', 'active']);
    expect(both[1]!.credential.replaces).toBe(serviceKey.credential.id);
    expect(await use(serviceKey.secret.reveal())).toBe('OK');
    fixture.clock.set(expiresAt);
    await runScheduler();
    expect((await list(service.id)).map(({ state }) => state)).toEqual(['expired', 'active']);
    expect(await events('credential.succeeded', serviceKey.credential.id)).toBe(1);
  });

  it('after a long downtime the last active credential that expired meanwhile gets its successor', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const expiresAt = fixture.clock.now() + DAY;
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, { expiresAt });
    fixture.clock.advance(30 * DAY);
    await runScheduler();
    expect((await list(service.id)).map(({ state }) => state)).toEqual(['expired', 'active']);
  });

  it('the scheduler succeeds a short-lived last credential by one that is valid for the default lifetime, not by a hundred', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, {
      expiresAt: fixture.clock.now() + 60_000,
    });
    for (let minute = 0; minute < 40; minute += 1) {
      fixture.clock.advance(60_000);
      await runScheduler();
    }
    const all = await list(service.id);
    expect(all.map(({ state }) => state)).toEqual(['expired', 'active']);
    const { createdAt, expiresAt } = all[1]!.credential;
    expect(expiresAt).toBe(createdAt + 365 * DAY);
  });

  it('the scheduler does not succeed a successor that no request ever used, and says so once', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const newest = async (): Promise<EffectiveCredential> => (await list(service.id)).at(-1)!;
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, {
      expiresAt: fixture.clock.now() + DAY,
    });
    fixture.clock.advance(DAY);
    await runScheduler();
    const { credential } = await newest();
    fixture.clock.set(credential.expiresAt! - DAY);
    await runScheduler();
    await runScheduler();
    expect((await newest()).credential.id).toBe(credential.id);
    expect(await events('credential.succession_stopped', credential.id)).toBe(1);
    fixture.clock.set(credential.expiresAt!);
    await runScheduler();
    await runScheduler();
    expect((await list(service.id)).map(({ state }) => state)).toEqual(['expired', 'expired']);
    expect(await events('credential.lapsed', credential.id)).toBe(1);
  });

  it('the scheduler succeeds a successor that a request has used', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, {
      expiresAt: fixture.clock.now() + DAY,
    });
    fixture.clock.advance(DAY);
    await runScheduler();
    const { credential } = (await list(service.id)).at(-1)!;
    expect(await use((await fixture.credentials.reveal(scope, service.id, credential.id)).reveal())).toBe('OK');
    await fixture.usage.flush();
    fixture.clock.set(credential.expiresAt! - DAY);
    await runScheduler();
    expect((await list(service.id)).map(({ state }) => state)).toEqual(['expired', 'active', 'active']);
  });

  it('the scheduler deletes an inactive credential a week after its discard, and none where the tenant says 0 days', async () => {
    const keeping = await fixture.newTenant();
    await fixture.tenants.change(keeping, { settings: { inactiveCredentialDays: 0 } }, undefined);
    const discarded = async (tenant: TenantScope): Promise<() => Promise<CredentialState>> => {
      const { service, serviceKey } = await fixture.services.create(tenant, { name: `service ${++services}` });
      const { id } = serviceKey.credential;
      await fixture.credentials.regenerate(tenant, service.id, id, {});
      return async () => (await fixture.credentials.get(tenant, service.id, id)).state;
    };
    const [deleted, kept] = [await discarded(scope), await discarded(keeping)];
    fixture.clock.advance(7 * DAY - 1);
    await runScheduler();
    expect([await deleted(), await kept()]).toEqual(['inactive', 'inactive']);
    fixture.clock.advance(1);
    await runScheduler();
    expect([await deleted(), await kept()]).toEqual(['deleted', 'inactive']);
  });

  it('credentials that only expire soon, or were discarded lately, are read and not handled', async () => {
    const tenant = await fixture.newTenant();
    for (let number = 0; number < 3; number += 1) {
      const { service, serviceKey } = await fixture.services.create(tenant, { name: `waiting ${number}` });
      await fixture.credentials.regenerate(tenant, service.id, serviceKey.credential.id, {
        expiresAt: fixture.clock.now() + 60 * DAY,
      });
    }
    fixture.clock.advance(2 * DAY);
    await runScheduler();
    const { succession, cleanup } = await fixture.another();
    // One at a time: a run that handles what is not due would count it.
    expect([await succession.recordDue(1), await cleanup.recordDue(1)]).toEqual([0, 0]);
    fixture.clock.advance(45 * DAY);
    expect([await succession.recordDue(100), await cleanup.recordDue(100)]).toEqual([3, 3]);
    expect([await succession.recordDue(100), await cleanup.recordDue(100)]).toEqual([0, 0]);
  });

  it('regenerate with deleteInactive rotates 50 services twice in a row without a person in between', async () => {
    const tenant = await fixture.newTenant();
    const current = new Map<string, string>();
    for (let number = 0; number < 50; number += 1) {
      const { service, serviceKey } = await fixture.services.create(tenant, { name: `rotated ${number}` });
      current.set(service.id, serviceKey.credential.id);
    }
    const again = { deleteInactive: true, password: fixture.password };
    for (let round = 0; round < 2; round += 1) {
      for (const [serviceId, id] of current) {
        const { credential } = await fixture.credentials.regenerate(tenant, serviceId, id, again);
        current.set(serviceId, credential.id);
      }
    }
    const [serviceId, id] = [...current][0]!;
    const { items } = await fixture.inventory.listOfService(tenant, serviceId, { authType: 'service_key' }, {});
    expect(items.map(({ state }) => state)).toEqual(['deleted', 'inactive', 'active']);
    const refused = (request: object) =>
      fixture.credentials.regenerate(tenant, serviceId, id, request).catch((error: DomainError) => error.code);
    expect(await refused({})).toBe('INACTIVE_CREDENTIAL_EXISTS');
    expect(await refused({ deleteInactive: true })).toBe('PASSWORD_REQUIRED');
    expect(await refused({ deleteInactive: true, password: 'not the password of the owner' })).toBe('PASSWORD_INVALID');
  });

  it('a last active credential lapses where the tenant has set that, and the history says so', async () => {
    const lapsing = await fixture.newTenant();
    await fixture.tenants.change(lapsing, { settings: { onLastExpiry: 'lapse' } }, undefined);
    const { service, serviceKey } = await fixture.services.create(lapsing, { name: 'lapsing' });
    const { id } = serviceKey.credential;
    await fixture.credentials.update(lapsing, service.id, id, { expiresAt: fixture.clock.now() + DAY });
    fixture.clock.advance(DAY);
    await runScheduler();
    const { items } = await fixture.inventory.listOfService(lapsing, service.id, { authType: 'service_key' }, {});
    expect(items.map(({ state }) => state)).toEqual(['expired']);
    const lapsed = await historyOf(fixture.database).list(lapsing, { action: 'credential.lapsed' }, {});
    expect(lapsed.items.map(({ target, outcome }) => [target.id, outcome])).toEqual([[id, 'failed']]);
  });

  it(
    'two schedulers over 1,000 due credentials record each once and make each successor once',
    { timeout: 300_000 },
    async () => {
      const tenant = await fixture.newTenant();
      const expiresAt = fixture.clock.now() + DAY;
      const made: string[] = [];
      for (let number = 0; number < 500; number += 1) {
        const { serviceKey, jwtCredential } = await fixture.services.create(tenant, { name: `due ${number}` });
        made.push(serviceKey.credential.id, jwtCredential.credential.id);
      }
      await fixture.database.transaction(tenant, async (tx) => {
        tx.housekeeping('one statement in place of 1,000 requests');
        expect(await tx.update(credentialEntity, { tenantId: tenant.tenantId }, { expiresAt })).toBe(1_000);
      });
      fixture.clock.advance(2 * DAY);
      const other = await fixture.another();
      await Promise.all([runScheduler(fixture), runScheduler(other)]);
      await Promise.all([runScheduler(other), runScheduler(fixture)]);

      const history = historyOf(fixture.database);
      const targets = async (action: string): Promise<string[]> => {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await history.list(tenant, { action }, { limit: 200, cursor });
          found.push(...page.items.map(({ target }) => target.id));
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        return found.toSorted();
      };
      expect(await targets('credential.expired')).toEqual(made.toSorted());
      expect(await targets('credential.succeeded')).toEqual(made.toSorted());
    },
  );

  it('the last use of a credential is recorded without a write per request', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    const lastUsedAt = async (): Promise<number | null> => (await list(service.id))[0]!.credential.lastUsedAt;
    for (let call = 0; call < 5; call += 1) await use(serviceKey.secret.reveal());
    expect(await lastUsedAt()).toBeNull();
    await fixture.usage.flush();
    expect(await lastUsedAt()).toBe(fixture.clock.now());
  });

  it('every change of a credential raises the configuration version of the tenant', async () => {
    const version = async (): Promise<number> => (await fixture.tenants.get(scope)).configVersion;
    const { service } = await fixture.services.create(scope, { name: `service ${++services}` });
    const { credentials } = fixture;
    const { credential } = await credentials.create(scope, service.id, { authType: 'jwt' });
    const steps: (() => Promise<unknown>)[] = [
      () => credentials.update(scope, service.id, credential.id, { name: 'renamed' }),
      () => credentials.discard(scope, service.id, credential.id),
      () => credentials.reactivate(scope, service.id, credential.id),
      () => credentials.compromise(scope, service.id, credential.id, undefined),
      () => credentials.delete(scope, service.id, credential.id, fixture.password),
      () => fixture.services.change(scope, service.id, { profiles: ['*'] }, undefined),
    ];
    for (const step of steps) {
      const before = await version();
      await step();
      expect(await version()).toBeGreaterThan(before);
    }
  });

  it('filters show the states of credentials by the clock', async () => {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `service ${++services}` });
    await fixture.credentials.update(scope, service.id, serviceKey.credential.id, {
      expiresAt: fixture.clock.now() + HOUR,
    });
    fixture.clock.advance(HOUR);
    const inState = async (state: CredentialState): Promise<number> =>
      (await fixture.inventory.listOfService(scope, service.id, { authType: 'service_key', state }, {})).items.length;
    expect([await inState('active'), await inState('expired')]).toEqual([0, 1]);
  });
});
