import { Injectable } from '@nestjs/common';

import { type TenantScope, coreErrors, platformScope, toRfc3339 } from '#core';
import { algorithm } from '#crypto';
import { Database, In, Not, type Tx, requireVersion } from '#database';
import { Users, raiseConfigVersion, tenantSettingsOf } from '#tenants';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { keyEvents } from './events.js';
import { KeyUsers } from './key-users.js';
import { keyLifecycle, keyVersionLifecycle } from './lifecycle.js';
import type { ForcedKeyAction } from './rehearsal.js';
import { destructionAt, keyStateAt, nextRotationAt } from './rotation.js';
import { settleVersions } from './settling.js';
import { type KeyWithVersions, withVersions } from './versions.js';

/** The end of a key: soft at first, for as long as the tenant wants, then for good. */
@Injectable()
export class KeyDeletion {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly keyUsers: KeyUsers,
  ) {}

  /**
   * From this moment the key neither signs nor verifies, and its public halves leave the JWKS. It can be restored for
   * the tenant's `keyDeletionDays`.
   * @param force also deletes a key that token profiles sign with
   * @throws NOT_FOUND, WRONG_STATE, KEY_IN_USE, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS, PRECONDITION_FAILED
   */
  async delete(
    scope: TenantScope,
    keyId: string,
    { password, force = false }: ForcedKeyAction,
    ifMatch?: number,
  ): Promise<void> {
    const { state } = await this.database.read(scope, (view) => view.get(Key, { id: keyId }));
    keyLifecycle.next(state, 'delete');
    await this.users.confirmPassword(platformScope(scope), password);
    await this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      requireVersion(key, ifMatch);
      const { profiles } = await this.keyUsers.usersOf(tx, keyId);
      if (profiles.length > 0 && !force)
        throw keyErrors.KEY_IN_USE(`Token profiles sign with it: ${profiles.join(', ')}`);
      await settleVersions(tx, keyId);
      const destroysAt = destructionAt(tx.now, (await tenantSettingsOf(tx)).keyDeletionDays);
      await tx.transition(Key, keyId, keyLifecycle.event.delete, {
        liveName: keyId,
        nextRotationAt: null,
        deletedAt: tx.now,
        updatedAt: tx.now,
        destroysAt,
      });
      const details = { name: key.name, destroysAt: toRfc3339(destroysAt), ...(force ? { force, profiles } : {}) };
      tx.record(keyEvents.deleted(keyId, { details }));
      if (destroysAt <= tx.now) await destroy(tx, keyId);
      await raiseConfigVersion(tx);
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE once it is too late, KEY_NAME_TAKEN, PRECONDITION_FAILED */
  async restore(scope: TenantScope, keyId: string, ifMatch?: number): Promise<KeyWithVersions> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      requireVersion(key, ifMatch);
      if (keyStateAt(key, tx.now) !== 'deleted') throw coreErrors.WRONG_STATE(`The key is ${keyStateAt(key, tx.now)}`);
      if (await tx.exists(Key, { liveName: key.name, id: Not(keyId) })) throw keyErrors.KEY_NAME_TAKEN();
      const newest = (await settleVersions(tx, keyId)).find(({ state }) => state === 'pending' || state === 'active');
      const { symmetric } = algorithm(key.algorithm);
      await tx.transition(Key, keyId, keyLifecycle.event.restore, {
        liveName: key.name,
        nextRotationAt: newest ? nextRotationAt(newest.activatesAt!, key.rotateEverySeconds, symmetric) : null,
        deletedAt: null,
        destroysAt: null,
        updatedAt: tx.now,
      });
      tx.record(keyEvents.restored(keyId));
      await raiseConfigVersion(tx);
      return withVersions(tx, keyId);
    });
  }

  /** A step of the scheduler: erases a deleted key that is due, unless it was restored. */
  async destroyIfDue(scope: TenantScope, keyId: string): Promise<boolean> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      if (key.state === 'destroyed' || keyStateAt(key, tx.confirmed) !== 'destroyed') return false;
      await destroy(tx, keyId);
      return true;
    });
  }
}

async function destroy(tx: Tx, keyId: string): Promise<void> {
  const { from, to } = keyVersionLifecycle.event.destroy;
  await tx.update(KeyVersion, { keyId, state: In([...from]) }, { state: to, sealedPrivate: null, destroyedAt: tx.now });
  await tx.transition(Key, keyId, keyLifecycle.event.destroy, { updatedAt: tx.now });
  tx.record(keyEvents.destroyed(keyId));
}
