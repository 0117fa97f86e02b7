import { Injectable } from '@nestjs/common';

import { type TenantScope, platformScope, toRfc3339 } from '#core';
import { writeContacts } from '#contacts';
import { algorithm } from '#crypto';
import { type Committed, Database, Not, type SeenVersions, type Tx, requireVersion } from '#database';
import { Users, raiseConfigVersion, tenantSettingsOf } from '#tenants';

import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { KeyUsers } from './key-users.js';
import { keyLifecycle, keyStateAt, keyVersionLifecycle } from './lifecycle.js';
import type { ForcedKeyAction } from './dry-run.js';
import { destructionAt, nextRotationAt } from './rotation.js';
import { applyDueSteps } from './due-steps.js';
import { type KeyWithVersions, releaseErased, withVersions } from './versions.js';

/** Deletes keys. A deletion can be undone for a period that the tenant sets; then it is permanent. */
@Injectable()
export class KeyDeletion {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly keyUsers: KeyUsers,
  ) {}

  /**
   * Deletes a key: it no longer signs or verifies, and its public keys leave the JWKS. It can be restored for the
   * tenant's `keyDeletionDays`.
   * @param force also deletes a key that token profiles sign with
   * @throws NOT_FOUND, WRONG_STATE, KEY_IN_USE, PASSWORD_REQUIRED, PASSWORD_INVALID, TOO_MANY_ATTEMPTS, PRECONDITION_FAILED
   */
  async delete(
    scope: TenantScope,
    keyId: string,
    { password, force = false }: ForcedKeyAction,
    ifMatch?: SeenVersions,
  ): Promise<void> {
    const { state } = await this.database.read(scope, (view) => view.get(Key, { id: keyId }));
    keyLifecycle.require(state, 'delete');
    await this.users.confirm(platformScope(scope), 'resource', password);
    await this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      requireVersion(key, ifMatch);
      const { profiles } = await this.keyUsers.usersOf(tx, keyId);
      if (profiles.length > 0 && !force)
        throw keyErrors.KEY_IN_USE(`Token profiles sign with it: ${profiles.join(', ')}`);
      await applyDueSteps(tx, keyId);
      const destroysAt = destructionAt(tx.now, (await tenantSettingsOf(tx)).keyDeletionDays);
      const deleted = await tx.transition(Key, key, keyLifecycle.event.delete, {
        set: { destroysAt },
        content: { details: { destroysAt: toRfc3339(destroysAt), ...(force ? { force, profiles } : {}) } },
      });
      await destroyDue(tx, deleted);
      await raiseConfigVersion(tx);
    });
  }

  /** @throws NOT_FOUND, WRONG_STATE once it is too late, KEY_NAME_TAKEN, PRECONDITION_FAILED */
  async restore(scope: TenantScope, keyId: string, ifMatch?: SeenVersions): Promise<Committed<KeyWithVersions>> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      requireVersion(key, ifMatch);
      keyLifecycle.require(keyStateAt(key, tx.now), 'restore');
      if (await tx.exists(Key, { liveName: key.name, id: Not(keyId) })) throw keyErrors.KEY_NAME_TAKEN();
      const newest = (await applyDueSteps(tx, keyId)).find(({ state }) => state === 'pending' || state === 'active');
      const { symmetric } = algorithm(key.algorithm);
      const next = newest ? nextRotationAt(newest.activatesAt!, key.rotateEverySeconds, symmetric) : null;
      await tx.transition(Key, key, keyLifecycle.event.restore, { set: { nextRotationAt: next } });
      await raiseConfigVersion(tx);
      return withVersions(tx, keyId);
    });
  }

  /** A step of the scheduler: erases a deleted key that is due, unless it was restored. */
  async destroyIfDue(scope: TenantScope, keyId: string): Promise<boolean> {
    return this.database.transaction(scope, async (tx) => destroyDue(tx, await tx.lock(Key, { id: keyId })));
  }
}

/** Destroys a key that can no longer be restored, with all its versions. @returns whether it was due */
async function destroyDue(tx: Tx, key: Key): Promise<boolean> {
  if ((await tx.applyDue(Key, key)) === key) return false;
  await tx.transitionAll(KeyVersion, { keyId: key.id }, keyVersionLifecycle.event.key_destroyed);
  if (key.keyStore !== null) await releaseErased(tx, await tx.find(KeyVersion, { keyId: key.id, state: 'destroyed' }));
  await writeContacts(tx, { type: 'key', id: key.id }, []);
  await tx.note(Key, { id: key.id }, { contacts: null });
  return true;
}
