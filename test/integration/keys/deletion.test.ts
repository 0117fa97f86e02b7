import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { DAY, SECOND, type TenantScope } from '#core';
import { Tenants } from '#tenants';

import { withCode } from '../../support/errors.js';
import { FORCED, type KeyFixture, ownerOf, startOne } from '../../support/key-fixture.js';
import { PASSWORD } from '../../support/server.js';

let fixture: KeyFixture;
/** The owner, who has a password to confirm. */
let owner: TenantScope;
let name = '';
let number = 0;

beforeAll(async () => {
  fixture = await startOne();
  owner = await ownerOf(fixture);
});
afterAll(() => fixture.close());
beforeEach(() => {
  name = `key-${++number}`;
});

describe('a deleted key', () => {
  it('a deleted key neither signs nor verifies, leaves the JWKS, and comes back as it was', async () => {
    const { deletion, keys, scope } = fixture;
    const keyId = await fixture.keyInUse(name, { rotateEverySeconds: DAY / SECOND });
    const { token, kid } = await fixture.sign(name);
    const { nextRotationAt } = (await keys.get(scope, keyId)).key;
    await deletion.delete(owner, keyId, FORCED);
    await expect(fixture.sign(name)).rejects.toThrow(withCode('KEY_NOT_USABLE'));
    expect((await fixture.verify(name, token)).code).toBe('KEY_NOT_USABLE');
    expect(await fixture.kids()).not.toContain(kid);
    expect((await keys.get(scope, keyId)).key).toMatchObject({ state: 'deleted', nextRotationAt: null });

    const restored = await deletion.restore(owner, keyId);
    expect(restored.key).toMatchObject({ state: 'active', name, nextRotationAt, deletedAt: null, destroysAt: null });
    expect((await fixture.verify(name, token)).code).toBe('OK');
    expect((await fixture.sign(name)).kid).toBe(kid);
    expect(await fixture.kids()).toContain(kid);
  });

  it('a deleted key is destroyed when its time is over, whether or not a scheduler runs', async () => {
    const { deletion, keys, scope, clock } = fixture;
    const keyId = await fixture.keyInUse(name);
    await deletion.delete(owner, keyId, FORCED);
    clock.advance(7 * DAY - 1);
    await fixture.runScheduler();
    expect((await keys.get(scope, keyId)).key.state).toBe('deleted');
    clock.advance(1);
    expect((await keys.get(scope, keyId)).key.state).toBe('destroyed');
    await expect(deletion.restore(owner, keyId)).rejects.toThrow(withCode('WRONG_STATE'));
    await fixture.runScheduler();
    const { versions } = await keys.get(scope, keyId);
    expect(versions).toEqual([expect.objectContaining({ state: 'destroyed', sealedPrivate: null })]);
  });

  it('a deleted key is destroyed immediately where the tenant has set no delay', async () => {
    const { deletion, keys, scope, server } = fixture;
    const tenants = server.server.app.get(Tenants);
    await tenants.change(scope, { settings: { keyDeletionDays: 0 } }, undefined);
    const keyId = await fixture.keyInUse(name);
    await deletion.delete(owner, keyId, FORCED);
    expect((await keys.get(scope, keyId)).versions).toEqual([expect.objectContaining({ sealedPrivate: null })]);
    await tenants.change(scope, { settings: { keyDeletionDays: 7 } }, undefined);
  });

  it('a deleted key frees its name, and does not come back under one that is taken', async () => {
    const { deletion, keys, scope } = fixture;
    const { key } = await keys.generate(scope, { name, algorithm: 'ES256' });
    await deletion.delete(owner, key.id, { password: PASSWORD });
    await keys.generate(scope, { name, algorithm: 'ES256' });
    await expect(deletion.restore(owner, key.id)).rejects.toThrow(withCode('KEY_NAME_TAKEN'));
  });

  it('a deleted key asks for the password, and is neither rotated nor deleted again', async () => {
    const { deletion, rotation, scope } = fixture;
    const keyId = await fixture.keyInUse(name);
    await expect(deletion.delete(owner, keyId, { force: true })).rejects.toThrow(withCode('PASSWORD_REQUIRED'));
    await expect(deletion.delete(owner, keyId, { force: true, password: 'not the password' })).rejects.toThrow(
      withCode('PASSWORD_INVALID'),
    );
    await expect(deletion.restore(owner, keyId)).rejects.toThrow(withCode('WRONG_STATE'));
    await deletion.delete(owner, keyId, FORCED);
    await expect(deletion.delete(owner, keyId, FORCED)).rejects.toThrow(withCode('WRONG_STATE'));
    await expect(rotation.rotate(scope, keyId, 'immediate')).rejects.toThrow(withCode('WRONG_STATE'));
  });

  it('a key that token profiles sign with is deleted only by force', async () => {
    const { deletion, dryRuns } = fixture;
    const keyId = await fixture.keyInUse(name);
    expect(await dryRuns.dryRun(owner, keyId, 'delete')).toMatchObject({ allowed: false, code: 'KEY_IN_USE' });
    await expect(deletion.delete(owner, keyId, { password: PASSWORD })).rejects.toThrow(withCode('KEY_IN_USE'));
    expect((await fixture.sign(name)).token).not.toBe('');
    await deletion.delete(owner, keyId, FORCED);
    await expect(fixture.sign(name)).rejects.toThrow(withCode('KEY_NOT_USABLE'));
  });
});
