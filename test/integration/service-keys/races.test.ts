import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DomainError, HOUR, type TenantScope } from '#core';
import type { EntityClass } from '#database';
import { type Credential, type CredentialState, credentialLifecycle, serviceKeyEntities } from '#service-keys';

import { withCode } from '../../support/errors.js';
import { type Fixture, type Instance, openFixture } from './fixture.js';

const ROUNDS = 40;

interface Prepared {
  readonly serviceId: string;
  /** Credential ids by the role that they play. */
  readonly active: readonly string[];
  readonly inactive: readonly string[];
}

type Racer = (instance: Instance, scope: TenantScope, prepared: Prepared) => Promise<unknown>;

describe('credential actions that race on two instances', () => {
  let fixture: Fixture;
  let instances: readonly [Instance, Instance];
  let scope: TenantScope;
  let services = 0;

  beforeAll(async () => {
    fixture = await openFixture();
    instances = [fixture, await fixture.another()];
    scope = fixture.scope;
    await fixture.tenants.change(scope, { settings: { credentialsPerType: 3 } }, undefined);
  });
  afterAll(() => fixture.drop());

  async function prepare(active: number, inactive: number, expiresAt: number | null = null): Promise<Prepared> {
    const { service, serviceKey } = await fixture.services.create(scope, { name: `race ${++services}` });
    const ids = [serviceKey.credential.id];
    for (let more = 1; more < active + inactive; more += 1) {
      const created = await fixture.credentials.create(scope, service.id, { authType: 'service_key', expiresAt });
      ids.push(created.credential.id);
    }
    const discarded = ids.slice(active);
    for (const id of discarded) await fixture.credentials.discard(scope, service.id, id);
    return { serviceId: service.id, active: ids.slice(0, active), inactive: discarded };
  }

  async function race(prepared: Prepared, one: Racer, other: Racer): Promise<string[]> {
    const codeOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'OK',
        (error: unknown) => (error instanceof DomainError ? error.code : `unexpected: ${String(error)}`),
      );
    return Promise.all([codeOf(one(instances[0], scope, prepared)), codeOf(other(instances[1], scope, prepared))]);
  }

  async function states({ serviceId }: Prepared): Promise<CredentialState[]> {
    const { items } = await fixture.inventory.listOfService(
      scope,
      serviceId,
      { authType: 'service_key' },
      { limit: 200 },
    );
    return items.map(({ state }) => state);
  }

  const count = (all: readonly CredentialState[], state: CredentialState): number =>
    all.filter((one) => one === state).length;

  const discard =
    (which: (prepared: Prepared) => string): Racer =>
    (instance, tenant, prepared) =>
      instance.credentials.discard(tenant, prepared.serviceId, which(prepared));

  interface Race {
    readonly name: string;
    readonly active: number;
    readonly inactive: number;
    readonly one: Racer;
    readonly other: Racer;
    /** The answers that may come back, sorted. */
    readonly answers: readonly string[];
  }

  const races: readonly Race[] = [
    {
      name: 'discard and discard',
      active: 2,
      inactive: 0,
      one: discard(({ active }) => active[0]!),
      other: discard(({ active }) => active[1]!),
      answers: ['LAST_ACTIVE_CREDENTIAL OK'],
    },
    {
      name: 'discard and delete',
      active: 2,
      inactive: 1,
      one: discard(({ active }) => active[0]!),
      other: (instance, tenant, { serviceId, inactive }) =>
        instance.credentials.delete(tenant, serviceId, inactive[0]!, fixture.password),
      answers: ['OK OK', 'INACTIVE_CREDENTIAL_EXISTS OK'],
    },
    {
      name: 'reactivate and create',
      active: 1,
      inactive: 1,
      one: (instance, tenant, { serviceId, inactive }) =>
        instance.credentials.reactivate(tenant, serviceId, inactive[0]!),
      other: (instance, tenant, { serviceId }) =>
        instance.credentials.create(tenant, serviceId, { authType: 'service_key' }),
      answers: ['OK OK'],
    },
    {
      name: 'create and create at the limit',
      active: 2,
      inactive: 0,
      one: (instance, tenant, { serviceId }) =>
        instance.credentials.create(tenant, serviceId, { authType: 'service_key' }),
      other: (instance, tenant, { serviceId }) =>
        instance.credentials.create(tenant, serviceId, { authType: 'service_key' }),
      answers: ['CREDENTIAL_LIMIT_REACHED OK'],
    },
    {
      name: 'regenerate and discard',
      active: 2,
      inactive: 0,
      one: (instance, tenant, { serviceId, active }) =>
        instance.credentials.regenerate(tenant, serviceId, active[0]!, {}),
      other: discard(({ active }) => active[1]!),
      answers: ['INACTIVE_CREDENTIAL_EXISTS OK'],
    },
    {
      name: 'compromise and discard',
      active: 2,
      inactive: 0,
      one: (instance, tenant, { serviceId, active }) =>
        instance.credentials.compromise(tenant, serviceId, active[0]!, undefined),
      other: discard(({ active }) => active[1]!),
      answers: ['OK OK', 'LAST_ACTIVE_CREDENTIAL OK'],
    },
  ];

  it.each(races)(
    'credential actions race on two instances, $name: the rules hold in every round',
    async ({ active, inactive, one, other, answers }) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const prepared = await prepare(active, inactive);
        const came = await race(prepared, one, other);
        expect(answers).toContain(came.toSorted().join(' '));
        const after = await states(prepared);
        expect(count(after, 'active')).toBeGreaterThanOrEqual(1);
        expect(count(after, 'inactive')).toBeLessThanOrEqual(1);
        expect(count(after, 'active') + count(after, 'inactive')).toBeLessThanOrEqual(3);
      }
    },
  );

  it('credential actions race on two instances, expire and discard: one stays active once the scheduler has run', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const prepared = await prepare(2, 0, fixture.clock.now() + HOUR);
      const [lasting, expiring] = prepared.active as [string, string];
      fixture.clock.advance(HOUR);
      await race(
        prepared,
        (instance) => instance.expiry.recordDue(500),
        discard(() => lasting),
      );
      for (const instance of instances) await instance.expiry.recordDue(500);
      const after = await states(prepared);
      expect(count(after, 'active')).toBeGreaterThanOrEqual(1);
      expect(count(after, 'inactive')).toBeLessThanOrEqual(1);
      expect(after[prepared.active.indexOf(expiring)]).toBe('expired');
    }
  });

  /**
   * The negative control: the same discard, deciding on what it read before it took any lock, and without the schema's
   * backstop. If this did not break the rules, the races above would prove nothing.
   */
  it('negative control: discarding a credential without the lock breaks the rules', async () => {
    const entity = serviceKeyEntities.find(({ name }) => name === 'Credential') as EntityClass<Credential>;
    const carelessDiscard =
      (which: 0 | 1, everybodyRead: { arrive(): Promise<void> }): Racer =>
      async ({ database, inventory }, tenant, { serviceId, active }) => {
        const { items } = await inventory.listOfService(tenant, serviceId, { authType: 'service_key' }, {});
        const others = items.filter(({ credential, state }) => credential.id !== active[which] && state === 'active');
        await everybodyRead.arrive();
        if (others.length === 0) return;
        await database.transaction(tenant, async (tx) => {
          tx.housekeeping('negative control');
          const credential = await tx.get(entity, { id: active[which]! });
          await tx.transition(entity, credential, credentialLifecycle.event.discard, { set: { inactiveSlot: null } });
        });
      };
    const prepared = await prepare(2, 0);
    const meeting = meetingOf(2);
    await race(prepared, carelessDiscard(0, meeting), carelessDiscard(1, meeting));
    const after = await states(prepared);
    expect({ active: count(after, 'active'), inactive: count(after, 'inactive') }).toEqual({ active: 0, inactive: 2 });
  });

  it('a second inactive credential cannot be stored, whatever the code does', async () => {
    const entity = serviceKeyEntities.find(({ name }) => name === 'Credential') as EntityClass<Credential>;
    const { active } = await prepare(3, 0);
    const store = (id: string): Promise<unknown> =>
      fixture.database.transaction(scope, async (tx) => {
        tx.housekeeping('negative control');
        await tx.transition(entity, await tx.get(entity, { id }), credentialLifecycle.event.discard);
      });
    await store(active[0]!);
    await expect(store(active[1]!)).rejects.toThrow(withCode('INTERNAL_ERROR'));
  });
});

/** Lets no party pass before all are there. */
function meetingOf(participants: number): { arrive(): Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let missing = participants;
  return {
    arrive: () => {
      missing -= 1;
      if (missing === 0) resolve();
      return promise;
    },
  };
}
