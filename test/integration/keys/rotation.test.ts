import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, HOUR, MINUTE, SECOND } from '#core';
import { PUBLICATION_DELAY } from '#keys';

import { withCode } from '../../support/errors.js';
import {
  FORCED,
  type KeyFixture,
  grantService,
  kidOf,
  startOne,
  startTwo,
  statesOf,
  ownerOf,
} from '../../support/key-fixture.js';
import { ADMIN } from '../../support/server.js';

let fixture: KeyFixture;
let number = 0;
let name = '';
beforeAll(async () => {
  fixture = await startOne();
});
afterAll(() => fixture.close());
beforeEach(() => {
  name = `key-${++number}`;
});

describe('a staged rotation', () => {
  it('a staged rotation publishes, then signs, then verifies, then erases, whether or not a scheduler runs', async () => {
    const { rotation, keys, scope, clock } = fixture;
    const keyId = await fixture.keyInUse(name);
    const early = await fixture.sign(name);
    await rotation.rotate(scope, keyId, 'staged');
    expect(await fixture.states(keyId)).toEqual(['1: active', '2: pending']);
    const both = await keys.get(scope, keyId);
    const [old, fresh] = [kidOf(both, 1), kidOf(both, 2)];
    expect(await fixture.kids()).toEqual(expect.arrayContaining([old, fresh]));
    expect((await fixture.sign(name)).kid).toBe(old);

    clock.advance(PUBLICATION_DELAY - 1);
    const last = await fixture.sign(name);
    expect(last.kid).toBe(old);
    clock.advance(1);
    expect(await fixture.states(keyId)).toEqual(['1: retired', '2: active']);
    expect((await fixture.sign(name)).kid).toBe(fresh);
    expect(await fixture.verify(name, last.token)).toMatchObject({ code: 'OK', kid: old });
    expect(await fixture.verify(name, early.token)).toMatchObject({ code: 'EXPIRED_TOKEN' });

    clock.advance(HOUR);
    expect(await fixture.states(keyId)).toEqual(['1: destroyed', '2: active']);
    expect(await fixture.kids()).not.toContain(old);
    expect(await fixture.verify(name, last.token)).toMatchObject({ code: 'KEY_NOT_USABLE', kid: old });
    await fixture.runScheduler();
    const { versions } = await keys.get(scope, keyId);
    expect(versions.map(({ sealedPrivate }) => sealedPrivate === null)).toEqual([false, true]);
  });

  it('a staged rotation waits for the longest lifetime that was issued, not for the usual one', async () => {
    const { rotation, scope, clock } = fixture;
    const keyId = await fixture.keyInUse(name, { ttlSeconds: DAY / SECOND });
    const long = await fixture.sign(name);
    await rotation.rotate(scope, keyId, 'immediate');
    clock.advance(DAY - MINUTE);
    await fixture.runScheduler();
    expect(await fixture.states(keyId)).toEqual(['1: retired', '2: active']);
    expect(await fixture.verify(name, long.token)).toMatchObject({ code: 'OK' });
    clock.advance(HOUR);
    expect(await fixture.runScheduler()).toBeGreaterThan(0);
    expect(await fixture.states(keyId)).toEqual(['1: destroyed', '2: active']);
    expect(await fixture.runScheduler()).toBe(0);
  });

  it('a staged rotation is rejected while one is under way, unless it is to end the wait', async () => {
    const { rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    await rotation.rotate(scope, keyId, 'staged');
    await expect(rotation.rotate(scope, keyId, 'staged')).rejects.toThrow(withCode('ROTATION_UNDER_WAY'));
    expect(statesOf(await rotation.rotate(scope, keyId, 'immediate'))).toEqual(['1: retired', '2: active']);
  });

  it('a staged rotation of a shared secret takes effect immediately', async () => {
    const { rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name, { algorithm: 'HS256' });
    const { token } = await fixture.sign(name);
    expect(statesOf(await rotation.rotate(scope, keyId, 'staged'))).toEqual(['1: retired', '2: active']);
    expect(await fixture.verify(name, token)).toMatchObject({ code: 'OK' });
    expect((await fixture.verify(name, (await fixture.sign(name)).token)).code).toBe('OK');
  });

  it('a staged rotation obeys If-Match, and raises the version of the key', async () => {
    const { rotation, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    await expect(rotation.rotate(scope, keyId, 'staged', [7])).rejects.toThrow(withCode('PRECONDITION_FAILED'));
    const { key } = await rotation.rotate(scope, keyId, 'staged', [1]);
    expect(key.version).toBe(2);
    expect((await keys.get(scope, keyId)).key.version).toBe(2);
  });
});

describe('a scheduled rotation', () => {
  it('a scheduled rotation starts early enough for the next version to sign on time, again and again', async () => {
    const { clock, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name, { rotateEverySeconds: DAY / SECOND });
    const { activatesAt: start } = (await keys.get(scope, keyId)).versions[0]!;
    clock.set(start! + DAY - PUBLICATION_DELAY - 1);
    await fixture.runScheduler();
    expect(await fixture.states(keyId)).toEqual(['1: active']);
    clock.advance(1);
    await fixture.runScheduler();
    await fixture.runScheduler();
    expect(await fixture.states(keyId)).toEqual(['1: active', '2: pending']);
    clock.set(start! + DAY);
    expect(await fixture.states(keyId)).toEqual(['1: retired', '2: active']);
    clock.set(start! + 2 * DAY - PUBLICATION_DELAY);
    await fixture.runScheduler();
    expect(await fixture.states(keyId)).toEqual(['1: destroyed', '2: active', '3: pending']);
  });

  it('a scheduled rotation is caught up with the full delay after the scheduler was down', async () => {
    const { clock, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name, { rotateEverySeconds: DAY / SECOND });
    clock.advance(30 * DAY);
    await fixture.runScheduler();
    const [pending] = (await keys.get(scope, keyId)).versions;
    expect(pending).toMatchObject({ number: 2, state: 'pending', activatesAt: clock.now() + PUBLICATION_DELAY });
  });
});

describe('retiring a version', () => {
  it('retiring a version that signs lets the staged one take over', async () => {
    const { rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    const kid = kidOf(await rotation.rotate(scope, keyId, 'staged'), 1);
    expect(statesOf(await rotation.retire(scope, keyId, kid))).toEqual(['1: retired', '2: active']);
    await expect(rotation.retire(scope, keyId, kid)).rejects.toThrow(withCode('WRONG_STATE'));
  });

  it('retiring the only active version and rotating a key without one need force', async () => {
    const { rotation, dryRuns, scope, keys } = fixture;
    const owner = await ownerOf(fixture);
    const keyId = await fixture.keyInUse(name, { rotateEverySeconds: DAY / SECOND });
    const { token } = await fixture.sign(name);
    const kid = kidOf(await keys.get(scope, keyId), 1);
    const rejected = { allowed: false, code: 'LAST_ACTIVE_KEY_VERSION' };
    expect(await dryRuns.dryRun(scope, keyId, 'retire', kid)).toMatchObject(rejected);
    await expect(rotation.retire(owner, keyId, kid)).rejects.toThrow(withCode('LAST_ACTIVE_KEY_VERSION'));
    await expect(rotation.retire(owner, keyId, kid, undefined, { force: true })).rejects.toThrow(
      withCode('PASSWORD_REQUIRED'),
    );
    const { key } = await rotation.retire(owner, keyId, kid, undefined, FORCED);
    expect(key.nextRotationAt).toBeNull();
    await expect(fixture.sign(name)).rejects.toThrow(withCode('KEY_NOT_USABLE'));
    expect(await fixture.verify(name, token)).toMatchObject({ code: 'OK' });
    const unusable = { allowed: false, code: 'KEY_NOT_USABLE' };
    expect(await dryRuns.dryRun(scope, keyId, 'rotate')).toMatchObject(unusable);
    await expect(rotation.rotate(owner, keyId, 'immediate')).rejects.toThrow(withCode('KEY_NOT_USABLE'));
    await rotation.rotate(owner, keyId, 'immediate', undefined, FORCED);
    expect((await fixture.sign(name)).kid).not.toBeUndefined();
  });

  it('retiring a version that is staged leaves everything as it was', async () => {
    const { rotation, scope, clock } = fixture;
    const keyId = await fixture.keyInUse(name);
    const kid = kidOf(await rotation.rotate(scope, keyId, 'staged'), 2);
    await rotation.retire(scope, keyId, kid);
    clock.advance(DAY);
    expect(await fixture.states(keyId)).toEqual(['1: active', '2: destroyed']);
    await expect(rotation.retire(scope, keyId, 'no-such-kid')).rejects.toThrow(withCode('NOT_FOUND'));
  });
});

describe('a compromise', () => {
  it('a compromise of the version that signs rejects and unpublishes it, and a successor signs', async () => {
    const { rotation, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    const { token, kid } = await fixture.sign(name);
    const after = await rotation.compromise(scope, keyId, kid, 'found in a repository');
    expect(statesOf(after)).toEqual(['1: compromised', '2: active']);
    expect(await fixture.verify(name, token)).toMatchObject({ code: 'KEY_NOT_USABLE', kid });
    expect(await fixture.kids()).not.toContain(kid);
    expect((await fixture.sign(name)).kid).toBe(kidOf(after, 2));
    expect((await keys.get(scope, keyId)).versions.at(-1)).toMatchObject({ sealedPrivate: null });
    await expect(rotation.compromise(scope, keyId, kid, undefined)).rejects.toThrow(withCode('WRONG_STATE'));
  });

  it('a compromise takes the staged version where there is one', async () => {
    const { rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    const kid = kidOf(await rotation.rotate(scope, keyId, 'staged'), 1);
    const after = await rotation.compromise(scope, keyId, kid, undefined);
    expect(statesOf(after)).toEqual(['1: compromised', '2: active']);
  });

  it('a compromise of the staged version leaves the other one signing, and starts a scheduled rotation again', async () => {
    const { rotation, scope, clock } = fixture;
    const keyId = await fixture.keyInUse(name, { rotateEverySeconds: DAY / SECOND });
    const kid = kidOf(await rotation.rotate(scope, keyId, 'staged'), 2);
    await rotation.compromise(scope, keyId, kid, undefined);
    clock.advance(HOUR);
    expect(await fixture.states(keyId)).toEqual(['1: active', '2: compromised']);
    await fixture.runScheduler();
    expect(await fixture.states(keyId)).toEqual(['1: active', '2: compromised', '3: pending']);
  });

  it('a compromise of a retired version leaves the one that signs', async () => {
    const { rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    const { token, kid } = await fixture.sign(name);
    await rotation.rotate(scope, keyId, 'immediate');
    const after = await rotation.compromise(scope, keyId, kid, undefined);
    expect(statesOf(after)).toEqual(['1: compromised', '2: active']);
    expect((await fixture.verify(name, token)).code).toBe('KEY_NOT_USABLE');
  });
});

describe('a dry run', () => {
  it('a dry run names profiles and services, and changes nothing', async () => {
    const { dryRuns, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    await grantService(fixture, `service of ${name}`, [name]);
    await grantService(fixture, `stranger to ${name}`, []);
    const { expiresAt, kid } = await fixture.sign(name);
    for (const [action, code] of [
      ['retire', 'LAST_ACTIVE_KEY_VERSION'],
      ['compromise', undefined],
      ['delete', 'KEY_IN_USE'],
    ] as const) {
      const foreseen = await dryRuns.dryRun(scope, keyId, action, action === 'delete' ? undefined : kid);
      expect(foreseen).toEqual({
        allowed: code === undefined,
        code,
        impact: {
          profiles: [name],
          services: [`service of ${name}`],
          lastTokenExpiresAt: expiresAt,
          safeNow: false,
        },
      });
    }
    expect((await keys.get(scope, keyId)).key.version).toBe(1);
  });
});

describe('two instances', () => {
  it('two instances rotate a key with each effect once, and one version that signs at any moment', async () => {
    const { fixtures, close } = await startTwo();
    const [one, two] = fixtures;
    const { scope, clock } = one;
    const keyId = await one.keyInUse('shared', { rotateEverySeconds: DAY / SECOND });
    const onBoth = <T>(work: (instance: KeyFixture) => Promise<T>): Promise<PromiseSettledResult<T>[]> =>
      Promise.allSettled([one, two, one, two].map(work));
    const won = (results: PromiseSettledResult<unknown>[]): number =>
      results.filter(({ status }) => status === 'fulfilled').length;

    expect(won(await onBoth(({ rotation }) => rotation.rotate(scope, keyId, 'staged')))).toBe(1);
    expect(await two.states(keyId)).toEqual(['1: active', '2: pending']);

    const { kid } = await two.sign('shared');
    const compromises = await onBoth(({ rotation }) => rotation.compromise(scope, keyId, kid, undefined));
    expect(won(compromises)).toBe(1);
    expect(await one.states(keyId)).toEqual(['1: compromised', '2: active']);

    clock.advance(2 * DAY);
    await Promise.all([one, two, one, two].map((instance) => instance.runScheduler()));
    expect(await one.states(keyId)).toEqual(['1: compromised', '2: active', '3: pending']);
    clock.advance(PUBLICATION_DELAY);
    const [signed] = await Promise.all([two.sign('shared'), one.runScheduler(), two.runScheduler()]);
    expect(await one.verify('shared', signed.token)).toMatchObject({ code: 'OK' });
    const after = await one.keys.get(scope, keyId);
    expect(after.versions.filter(({ state }) => state === 'active')).toHaveLength(1);
    expect(signed.kid).toBe(kidOf(after, 3));
    await close();
  });
});

describe('the keys of a deleted tenant', () => {
  it('the keys of a deleted tenant do not block those of others', async () => {
    const other = await startOne();
    await other.keyInUse('orphan', { rotateEverySeconds: DAY / SECOND });
    const { path, slug } = other.tenant;
    const token = await other.server.login();
    const proof = { password: ADMIN.password, confirm: slug };
    expect((await other.server.delete(path, proof, { token })).status).toBe(204);
    other.clock.advance(2 * DAY);
    expect(await other.runScheduler()).toBe(1);
    expect(await other.runScheduler()).toBe(0);
    await other.close();
  });
});
