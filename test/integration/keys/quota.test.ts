import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, HOUR, SECOND, Secret, type TenantScope } from '#core';
import { type AlgorithmName, uuidv4, uuidv7 } from '#crypto';
import { Database, type EntityClass } from '#database';
import { KeyImport, type KeyWithVersions, PUBLICATION_DELAY, keyEntities, keyLifecycle } from '#keys';
import { lockTenant } from '#tenants';

import { withCode } from '../../support/errors.js';
import { FORCED, type KeyFixture, kidOf, startTwo, ownerOf } from '../../support/key-fixture.js';
import { PASSWORD, type TestTenant, createTenant } from '../../support/server.js';

/** The smallest quota that the setting permits. */
const QUOTA = 10;
const limitReached = withCode('KEY_LIMIT_REACHED');
const [keyEntity, versionEntity] = [
  keyEntities.find(({ name }) => name === 'Key')!,
  keyEntities.find(({ name }) => name === 'KeyVersion')!,
];

let fixtures: [KeyFixture, KeyFixture];
let one: KeyFixture;
let close: () => Promise<void>;
/** A tenant of its own for each test. */
let scope: TenantScope;
let owner: { token: string; email: string };
let tenant: TestTenant;
beforeAll(async () => {
  ({ fixtures, close } = await startTwo());
  [one] = fixtures;
});
afterAll(() => close());
beforeEach(async () => {
  tenant = await createTenant(one.server);
  scope = { ...one.scope, tenantId: tenant.id };
  ({ owner } = tenant);
});

let made = 0;
const generate = (instance = one, algorithm: AlgorithmName = 'ES256', rotateEverySeconds?: number) =>
  instance.keys.generate(scope, { name: `key ${++made}`, algorithm, rotateEverySeconds });
const importKey = () =>
  one.server.server.app.get(KeyImport).importKey(scope, {
    name: `key ${++made}`,
    algorithm: 'HS256',
    format: 'secret',
    data: new Secret('a shared secret that is long enough for HS256'),
  });
async function fill(count: number): Promise<KeyWithVersions[]> {
  const keys: KeyWithVersions[] = [];
  for (let key = 0; key < count; key += 1) keys.push(await generate());
  return keys;
}
const set = async (settings: object) => {
  const answer = await one.server.patch(`/v1/tenants/${scope.tenantId}`, { settings }, owner);
  expect(answer.status).toBe(200);
};
const published = async () => (await one.keys.jwks(scope)).keys.map(({ kid }) => kid);
const eventsOf = async (action: string) =>
  (await one.server.get(`/v1/tenants/${scope.tenantId}/audit-events?action=${action}`, owner)).body['items']!;

describe('the quota of key versions', () => {
  it('the quota of key versions rejects generation, import and rotation beyond it, over HTTP with 409', async () => {
    await set({ keyVersions: QUOTA });
    const [first] = await fill(QUOTA - 1);
    await importKey();
    await expect(generate()).rejects.toThrow(limitReached);
    await expect(importKey()).rejects.toThrow(limitReached);
    for (const pace of ['staged', 'immediate'] as const) {
      await expect(one.rotation.rotate(scope, first!.key.id, pace)).rejects.toThrow(limitReached);
    }
    const body = { name: 'one too many', algorithm: 'ES256' };
    expect(await one.server.post(`/v1/tenants/${scope.tenantId}/keys`, body, owner)).toMatchObject({
      status: 409,
      body: { code: 'KEY_LIMIT_REACHED' },
    });
    expect(await published()).toHaveLength(QUOTA - 1);
    await set({ keyVersions: QUOTA + 1 });
    await one.rotation.rotate(scope, first!.key.id, 'staged');
    await expect(generate()).rejects.toThrow(limitReached);
    // A version that is staged already is counted: to activate it needs no room.
    await one.rotation.rotate(scope, first!.key.id, 'immediate');
  });

  it('the quota of key versions counts a deleted key until it can no longer be restored', async () => {
    await set({ keyVersions: QUOTA });
    const [first, second] = await fill(QUOTA);
    const session = await ownerOf({ ...one, tenant, scope });
    await one.deletion.delete(session, first!.key.id, FORCED);
    await expect(generate()).rejects.toThrow(limitReached);
    await one.deletion.restore(session, first!.key.id);
    await set({ keyDeletionDays: 0 });
    await one.deletion.delete(session, second!.key.id, FORCED);
    await generate();
    await expect(generate()).rejects.toThrow(limitReached);
  });

  it('the quota of key versions lets a compromised version be replaced, whatever the quota is by then', async () => {
    const [first] = await fill(QUOTA + 1);
    await set({ keyVersions: QUOTA });
    const replaced = await one.rotation.compromise(scope, first!.key.id, kidOf(first!, 1), 'leaked');
    expect(await published()).toContain(kidOf(replaced, 2));
    expect(await published()).not.toContain(kidOf(replaced, 1));
  });

  it('the quota of key versions does not count versions that have ended, whether or not a scheduler has recorded it', async () => {
    await set({ keyVersions: QUOTA });
    const [first] = await fill(1);
    for (let round = 0; round < 2 * QUOTA; round += 1) {
      await one.rotation.rotate(scope, first!.key.id, round % 2 === 0 ? 'staged' : 'immediate');
      one.clock.advance(PUBLICATION_DELAY + HOUR);
    }
    expect(await published()).toHaveLength(1);
  });

  it('the quota of key versions lets a scheduled rotation wait, with an event that says why, until there is room', async () => {
    await set({ keyVersions: QUOTA });
    const scheduled = await generate(one, 'ES256', DAY / SECOND);
    const [other] = await fill(QUOTA - 1);
    one.clock.advance(DAY);
    await one.runScheduler();
    await one.runScheduler();
    expect((await one.keys.get(scope, scheduled.key.id)).versions).toHaveLength(1);
    const events = await rejections();
    expect(events).toEqual([
      expect.objectContaining({
        outcome: 'failed',
        target: { type: 'key', id: scheduled.key.id },
        details: expect.objectContaining({ code: 'KEY_LIMIT_REACHED', retryAt: expect.any(String) }),
      }),
    ]);
    await one.rotation.retire(
      await ownerOf({ ...one, tenant, scope }),
      other!.key.id,
      kidOf(other!, 1),
      undefined,
      FORCED,
    );
    one.clock.advance(2 * HOUR);
    await one.runScheduler();
    expect((await one.keys.get(scope, scheduled.key.id)).versions).toHaveLength(2);
    expect(await rejections()).toHaveLength(1);
  });
});

/** The owner signs in again: the clock has moved past the end of the session. */
async function rejections() {
  const token = await one.server.login(owner.email, PASSWORD);
  owner = { ...owner, token };
  return eventsOf('key.rotation_rejected');
}

describe('the published key set', () => {
  it('the published key set holds each of 1,201 versions, the newest and signing ones too, and none of a deleted key', async () => {
    const [first, gone] = await fill(2);
    const template = first!.versions[0]!;
    const kids = Array.from({ length: 1_200 }, () => uuidv4());
    await one.server.server.app.get(Database).transaction(scope, async (tx) => {
      tx.housekeeping('more versions than the quota permits, as from before there was one');
      for (let start = 0; start < kids.length; start += 200) {
        const rows = kids.slice(start, start + 200).map((kid, index) => ({
          ...template,
          id: uuidv7(one.clock.now()),
          kid,
          number: start + index + 2,
          publicJwk: { ...template.publicJwk!, kid },
        }));
        await tx.insert(versionEntity, rows);
      }
      await tx.transition(keyEntity as EntityClass<KeyWithVersions['key']>, gone!.key, keyLifecycle.event.delete);
    });
    expect((await published()).toSorted()).toEqual([template.kid, ...kids].toSorted());
  });
});

describe('two instances that add the last version', () => {
  const ROUNDS = 10;
  /** How many of both succeed. */
  const race = async (add: (instance: KeyFixture) => Promise<unknown>): Promise<number> => {
    const outcomes = await Promise.allSettled(fixtures.map((instance) => add(instance)));
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  };

  it('two instances that add the last version do not pass the quota: one of them is rejected', async () => {
    await set({ keyVersions: QUOTA });
    const [first] = await fill(QUOTA - 1);
    const session = await ownerOf({ ...one, tenant, scope });
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(await race((instance) => generate(instance))).toBe(1);
      const newest = (await one.keys.list(scope, {}, { limit: 200 })).items.at(-1)!;
      const { versions } = await one.keys.get(scope, newest.id);
      await one.rotation.retire(session, newest.id, versions[0]!.kid, undefined, FORCED);
      one.clock.advance(HOUR);
    }
    expect(await race((instance) => instance.rotation.rotate(scope, first!.key.id, 'staged'))).toBe(1);
  });

  /** The negative control: where the tenant is not locked before the count, both pass. */
  it('two instances that add the last version would both pass the quota if they counted before they lock', async () => {
    await fill(QUOTA - 1);
    const template = (await generate()).versions[0]!;
    let waiting = fixtures.length;
    const { promise: bothCounted, resolve } = Promise.withResolvers<void>();
    const careless = async (instance: KeyFixture): Promise<void> => {
      const database = instance.server.server.app.get(Database);
      const count = await database.read(scope, (view) => view.count(versionEntity, { state: 'active' } as object));
      waiting -= 1;
      if (waiting === 0) resolve();
      await bothCounted;
      if (count > QUOTA) throw new Error('no room');
      await database.transaction(scope, async (tx) => {
        tx.housekeeping('negative control');
        await lockTenant(tx);
        const kid = uuidv4();
        const id = uuidv7(one.clock.now());
        await tx.insert(versionEntity, { ...template, id, kid, number: 2 + fixtures.indexOf(instance) });
      });
    };
    expect(await race(careless)).toBe(2);
  });
});
