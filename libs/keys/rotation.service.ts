import { Injectable } from '@nestjs/common';

import { SECOND, type TenantScope, coreErrors, platformScope, toRfc3339 } from '#core';
import { algorithm } from '#crypto';
import { type Committed, Database, In, type SeenVersions, type Tx, type View, requireVersion } from '#database';
import { isStoreRefusal } from '#key-stores';
import { Users, lockTenant, raiseConfigVersion } from '#tenants';
import { Vault } from '#vault';

import { type IdentifiedKey, KeyFingerprints, reportCompromise } from './compromised-keys.js';
import { Key, KeyVersion } from './entities.js';
import { keyErrors } from './errors.js';
import { keyEvents } from './events.js';
import { hasRoomForVersion, reserveVersion, rotationRetryAt } from './key-quota.js';
import { KeyCertificates } from './key-users.js';
import { type KeyVersionState, keyStateAt, keyVersionLifecycle, publishedStates, versionStateAt } from './lifecycle.js';
import type { ForcedKeyAction } from './dry-run.js';
import { type HalfRequest, type NewPrivateHalf, PrivateHalves } from './private-halves.js';
import { type RotationPace, activationAt, nextRotationAt } from './rotation.js';
import { applyDueSteps } from './due-steps.js';
import { type KeyWithVersions, addVersion, nextModulusBits, releaseErased, withVersions } from './versions.js';

/** A locked key, with the version that signs now and the staged one. */
interface Locked {
  readonly key: Key;
  readonly active: KeyVersion | undefined;
  readonly pending: KeyVersion | undefined;
}

/** How long a compromise waits for a key store to make the successor. */
const SUCCESSOR_WITHIN = 5 * SECOND;

/** A key that will be reported as compromised. */
export interface PreparedCompromise {
  readonly compromised: IdentifiedKey;
  /**
   * Successors of the tenant's signing versions with the compromised key, by the id of their key; `undefined` if the key
   * store did not make one.
   */
  readonly successors: ReadonlyMap<string, NewPrivateHalf | undefined>;
}

/**
 * Rotates, retires and compromises versions of keys. Each action first locks the key's row and applies due transitions, so
 * that exactly one version signs at any instant, on any number of instances.
 */
@Injectable()
export class KeyRotation {
  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
    private readonly fingerprints: KeyFingerprints,
    private readonly certificates: KeyCertificates,
    private readonly halves: PrivateHalves,
    private readonly users: Users,
  ) {}

  /**
   * Makes the next version. A staged one is published now and signs when every cached JWKS has it; until then its
   * predecessor signs. An immediate one signs now; if a version was staged before, that one is activated instead.
   * @param forced also rotates a key that has no active version
   * @throws NOT_FOUND, WRONG_STATE, KEY_NOT_USABLE, ROTATION_UNDER_WAY, KEY_LIMIT_REACHED, PRECONDITION_FAILED, BUSY;
   *   KEY_STORE_UNKNOWN, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY for a key in a key store
   */
  async rotate(
    scope: TenantScope,
    keyId: string,
    pace: RotationPace,
    ifMatch?: SeenVersions,
    forced: ForcedKeyAction = {},
  ): Promise<Committed<KeyWithVersions>> {
    await this.confirm(scope, forced);
    if (!(await this.mayAdd(scope, keyId))) throw keyErrors.KEY_LIMIT_REACHED();
    return this.halves.with(scope, await this.nextHalf(scope, keyId), (material) =>
      this.change(scope, keyId, ifMatch, async (tx, locked) => {
        const { pending } = locked;
        if (!locked.active && !forced.force) throw keyErrors.KEY_NOT_USABLE();
        if (!pending) {
          await reserveVersion(tx);
          return this.stage(tx, locked, material, pace);
        }
        if (pace === 'staged') {
          throw keyErrors.ROTATION_UNDER_WAY(`Version ${pending.kid} signs from ${toRfc3339(pending.activatesAt!)} on`);
        }
        return this.promote(tx, locked, pending);
      }),
    );
  }

  /** A step of the scheduler: stages the rotation of a due key, unless it was rotated meanwhile. */
  async rotateIfDue(scope: TenantScope, keyId: string): Promise<boolean> {
    if (!(await this.mayAdd(scope, keyId))) return this.rotateWith(scope, keyId, keyErrors.KEY_LIMIT_REACHED.code);
    try {
      const next = await this.nextHalf(scope, keyId);
      return await this.halves.with(scope, next, (material) => this.rotateWith(scope, keyId, material));
    } catch (error) {
      if (!isStoreRefusal(error)) throw error;
      return this.rotateWith(scope, keyId, error.code);
    }
  }

  /** @param material of the next version, or the code of the error that prevented it */
  private async rotateWith(scope: TenantScope, keyId: string, material: NewPrivateHalf | string): Promise<boolean> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      const isDue = key.nextRotationAt !== null && key.nextRotationAt <= tx.confirmed;
      if (keyStateAt(key, tx.now) !== 'active' || !isDue) return false;
      const locked = await withDueSteps(tx, key);
      // A manual rotation was faster.
      if (locked.pending) await this.plan(tx, locked.key, locked.pending.activatesAt!);
      else if (typeof material === 'string') await this.postpone(tx, key, material);
      else if (!(await this.roomUnderLock(tx))) await this.postpone(tx, key, keyErrors.KEY_LIMIT_REACHED.code);
      // If a compromised version had no successor, nothing signs now: this version signs immediately.
      else await this.stage(tx, locked, material, locked.active ? 'staged' : 'immediate');
      await raiseConfigVersion(tx);
      return true;
    });
  }

  /**
   * Stops a version from signing; its tokens verify until they expire. A staged successor becomes active immediately; a
   * staged version that is retired itself never signs.
   * @param forced also retires the only active version; the key then signs no more
   * @throws NOT_FOUND, WRONG_STATE, LAST_ACTIVE_KEY_VERSION, PRECONDITION_FAILED
   */
  async retire(
    scope: TenantScope,
    keyId: string,
    kid: string,
    ifMatch?: SeenVersions,
    forced: ForcedKeyAction = {},
  ): Promise<Committed<KeyWithVersions>> {
    await this.confirm(scope, forced);
    return this.change(scope, keyId, ifMatch, async (tx, locked) => {
      const { key, active, pending } = locked;
      const version = await tx.get(KeyVersion, { keyId, kid });
      if (version.id === active?.id && pending) return this.promote(tx, locked, pending);
      if (version.id === active?.id && !forced.force) throw keyErrors.LAST_ACTIVE_KEY_VERSION();
      await retireNow(tx, version);
      if (version.id === pending?.id && active) {
        await tx.update(KeyVersion, { id: active.id }, { retiresAt: null });
        await this.plan(tx, key, tx.now);
      } else {
        await this.plan(tx, key, undefined);
      }
    });
  }

  /**
   * Marks a version as compromised: it no longer signs or verifies and leaves the JWKS, its certificates are revoked, and
   * the installation no longer accepts the key. If the version was signing, its successor is activated in the same transaction.
   * @throws NOT_FOUND, WRONG_STATE, PRECONDITION_FAILED, BUSY
   */
  async compromise(
    scope: TenantScope,
    keyId: string,
    kid: string,
    reason: string | undefined,
    ifMatch?: SeenVersions,
  ): Promise<Committed<KeyWithVersions>> {
    const compromised = await this.identify(scope, keyId, kid);
    const affected = compromised ? await this.versionsWith(scope, compromised) : [];
    return this.withSuccessors(scope, affected, (made) =>
      this.change(scope, keyId, ifMatch, async (tx, locked) => {
        await this.compromiseVersion(tx, locked, await tx.get(KeyVersion, { keyId, kid }), made.get(keyId), reason);
        const successors = new Map([...made].filter(([id]) => id !== keyId));
        if (compromised) await this.compromiseAll(tx, { compromised, successors }, reason);
      }),
    );
  }

  /**
   * Prepares a transaction that reports a key as compromised: makes successors for the keys of the tenant
   * that have versions with the same key material, and destroys those that the transaction did not store.
   * @throws BUSY; whatever `use` throws
   */
  async withCompromise<T>(
    scope: TenantScope,
    compromised: IdentifiedKey,
    use: (prepared: PreparedCompromise) => Promise<T>,
  ): Promise<T> {
    const affected = await this.versionsWith(scope, compromised);
    return this.withSuccessors(scope, affected, (successors) => use({ compromised, successors }));
  }

  /** The tenant's versions with this key material. */
  private versionsWith(scope: TenantScope, compromised: IdentifiedKey): Promise<KeyVersion[]> {
    return this.database.read(scope, (view) => this.fingerprints.versionsOf(view, compromised));
  }

  /** If another request is faster, these keys are not used, or the scheduler makes what is missing. */
  private async withSuccessors<T>(
    scope: TenantScope,
    compromised: readonly KeyVersion[],
    use: (successors: PreparedCompromise['successors']) => Promise<T>,
  ): Promise<T> {
    const ids = new Set(compromised.map(({ id }) => id));
    const successors = new Map<string, NewPrivateHalf | undefined>();
    try {
      for (const keyId of new Set(compromised.map((version) => version.keyId))) {
        const isNeeded = await this.needsSuccessor(scope, keyId, ids);
        successors.set(keyId, isNeeded ? await this.successor(scope, keyId) : undefined);
      }
      return await use(successors);
    } finally {
      for (const made of successors.values()) if (made) await this.halves.discard(scope, made);
    }
  }

  /** Whether one of these versions signs, and no staged version will replace it. */
  private async needsSuccessor(scope: TenantScope, keyId: string, compromised: ReadonlySet<string>): Promise<boolean> {
    return this.database.read(scope, async (view) => {
      if (keyStateAt(await view.get(Key, { id: keyId }), view.now) !== 'active') return false;
      const versions = await view.find(KeyVersion, { keyId, state: In([...publishedStates]) });
      const isAmong = (state: KeyVersionState, leaked: boolean): boolean =>
        versions.some((one) => versionStateAt(one, view.now) === state && compromised.has(one.id) === leaked);
      return isAmong('active', true) && !isAmong('pending', false);
    });
  }

  /**
   * A step: reports the key as compromised, marks its versions in the tenant, and revokes its certificates and
   * authorities.
   * @throws BUSY if a key with the same material was added after the preparation
   */
  async compromiseAll(
    tx: Tx,
    { compromised, successors }: PreparedCompromise,
    reason: string | undefined,
  ): Promise<void> {
    // Reported first: a concurrent import or issuance either waits for the report or is found here. An issuance checks the
    // configuration version, which waits for this transaction.
    await raiseConfigVersion(tx);
    await reportCompromise(tx, compromised.fingerprint);
    for (const { id, keyId } of await this.fingerprints.versionsOf(tx, compromised)) {
      if (!successors.has(keyId)) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
      const material = successors.get(keyId);
      const locked = await withDueSteps(tx, await tx.lock(Key, { id: keyId }));
      const version = await tx.get(KeyVersion, { id });
      if (!keyVersionLifecycle.accepts(version.state, 'compromise')) continue;
      await this.compromiseVersion(tx, locked, version, material, reason);
    }
    if (!compromised.isSecret) await this.certificates.revokeAll(tx, compromised.fingerprint);
  }

  /** A step: the `kid`s of the tenant's versions that a compromise of the key would mark. */
  async versionsOf(view: View, key: IdentifiedKey): Promise<string[]> {
    const versions = await this.fingerprints.versionsOf(view, key);
    return versions
      .filter((version) => keyVersionLifecycle.accepts(versionStateAt(version, view.now), 'compromise'))
      .map(({ kid }) => kid);
  }

  /** A step, under the lock of the key. The version that signed has a successor afterwards, unless its key is deleted. */
  private async compromiseVersion(
    tx: Tx,
    { key, active, pending }: Locked,
    version: KeyVersion,
    material: NewPrivateHalf | undefined,
    reason: string | undefined,
  ): Promise<void> {
    const details = reason === undefined ? {} : { reason };
    const { compromise } = keyVersionLifecycle.event;
    await releaseErased(tx, [await tx.transition(KeyVersion, version, compromise, { content: { details } })]);
    const rest = { key, active: undefined, pending };
    if (key.state !== 'active') return;
    if (version.id === active?.id) {
      if (pending) await this.promote(tx, rest, pending);
      else if (material) await this.stage(tx, rest, material, 'immediate');
      // Its store did not make one: the scheduler retries.
      else await tx.update(Key, { id: key.id }, { nextRotationAt: tx.now, updatedAt: tx.now });
    } else if (version.id === pending?.id && active) {
      await tx.update(KeyVersion, { id: active.id }, { retiresAt: null });
      // Restarts a scheduled rotation that was staged, with a new version.
      const nextRotationAt = key.rotateEverySeconds === null ? null : tx.now;
      await tx.update(Key, { id: key.id }, { nextRotationAt, updatedAt: tx.now });
    } else {
      await tx.update(Key, { id: key.id }, { updatedAt: tx.now });
    }
  }

  /** Checks the caller's password if a rule is overruled, before anything is locked. */
  private async confirm(scope: TenantScope, { force, password }: ForcedKeyAction): Promise<void> {
    if (force) await this.users.confirm(platformScope(scope), 'resource', password);
  }

  /** Checks that a version may be added and none is staged, before a key is made. @throws NOT_FOUND */
  private async mayAdd(scope: TenantScope, keyId: string): Promise<boolean> {
    return this.database.read(scope, async (view) => {
      await view.get(Key, { id: keyId });
      return (await view.exists(KeyVersion, { keyId, state: 'pending' })) || hasRoomForVersion(view);
    });
  }

  private async roomUnderLock(tx: Tx): Promise<boolean> {
    await lockTenant(tx);
    return hasRoomForVersion(tx);
  }

  /** The kind of the next version's key. */
  private async nextHalf(scope: TenantScope, keyId: string): Promise<HalfRequest> {
    const key = await this.database.read(scope, (view) => view.get(Key, { id: keyId }));
    return { keyStore: key.keyStore, algorithm: key.algorithm, modulusBits: nextModulusBits(key) };
  }

  /**
   * Makes the successor of a compromised key before a transaction opens. A compromise does not wait long for a key store:
   * `undefined` if the store did not make one in time.
   * @throws BUSY
   */
  private async successor(scope: TenantScope, keyId: string): Promise<NewPrivateHalf | undefined> {
    try {
      const wanted = { ...(await this.nextHalf(scope, keyId)), urgent: true };
      return await this.halves.makeWithin(scope, wanted, SUCCESSOR_WITHIN);
    } catch (error) {
      if (isStoreRefusal(error)) return undefined;
      throw error;
    }
  }

  /**
   * The key of a version that will be reported; `undefined` for a shared secret that was already erased: such a version
   * cannot be compromised.
   * @throws NOT_FOUND
   */
  async identify(scope: TenantScope, keyId: string, kid: string): Promise<IdentifiedKey | undefined> {
    const key = await this.database.read(scope, async (view) =>
      this.fingerprints.keyOf(view, await view.get(KeyVersion, { keyId, kid })),
    );
    return key && this.fingerprints.of(scope.tenantId, key);
  }

  /** The frame of every action: lock the key, apply due transitions, act, read the result. */
  private async change(
    scope: TenantScope,
    keyId: string,
    ifMatch: SeenVersions | undefined,
    work: (tx: Tx, locked: Locked) => Promise<void>,
  ): Promise<Committed<KeyWithVersions>> {
    return this.database.transaction(scope, async (tx) => {
      const key = await tx.lock(Key, { id: keyId });
      if (keyStateAt(key, tx.now) !== 'active') throw coreErrors.WRONG_STATE('The key is deleted');
      requireVersion(key, ifMatch);
      await work(tx, await withDueSteps(tx, key));
      await raiseConfigVersion(tx);
      return withVersions(tx, keyId);
    });
  }

  /** Adds the next version of a key without a staged version. */
  private async stage(tx: Tx, locked: Locked, half: NewPrivateHalf, pace: RotationPace): Promise<void> {
    const { key, active } = locked;
    const { symmetric } = algorithm(key.algorithm);
    const activatesAt = activationAt(tx.now, pace, symmetric);
    const [newest] = await tx.find(KeyVersion, { keyId: key.id }, { order: { number: 'DESC' }, limit: 1 });
    const number = (newest?.number ?? 0) + 1;
    if (active && activatesAt > tx.now) await tx.update(KeyVersion, { id: active.id }, { retiresAt: activatesAt });
    else if (active) await retireNow(tx, active);
    const version = { keyId: key.id, algorithm: key.algorithm, number, half, activatesAt };
    const { kid } = await addVersion(tx, this.vault, version);
    await this.plan(tx, key, activatesAt);
    tx.record(keyEvents.rotated(key.id, { kid, details: { pace, number, activatesAt: toRfc3339(activatesAt) } }));
  }

  /** Activates a staged version now. */
  private async promote(tx: Tx, { key, active }: Locked, pending: KeyVersion): Promise<void> {
    if (active) await retireNow(tx, active);
    await tx.transition(KeyVersion, pending, keyVersionLifecycle.event.activate);
    await this.plan(tx, key, tx.now);
  }

  /** Records that the quota of the tenant or the key store rejected a rotation; the event is the alarm. */
  private async postpone(tx: Tx, key: Key, code: string): Promise<void> {
    const retryAt = rotationRetryAt(tx.now);
    await tx.update(Key, { id: key.id }, { nextRotationAt: retryAt, updatedAt: tx.now });
    const details = { name: key.name, code, retryAt: toRfc3339(retryAt) };
    tx.record(keyEvents.rotation_rejected(key.id, { outcome: 'failed', details }));
  }

  /** When the key is rotated next; `signsFrom` is when its newest version starts to sign, if one does. */
  private async plan(tx: Tx, key: Key, signsFrom: number | undefined): Promise<void> {
    const { symmetric } = algorithm(key.algorithm);
    const next = signsFrom === undefined ? null : nextRotationAt(signsFrom, key.rotateEverySeconds, symmetric);
    await tx.update(Key, { id: key.id }, { nextRotationAt: next, updatedAt: tx.now });
  }
}

async function withDueSteps(tx: Tx, key: Key): Promise<Locked> {
  const versions = await applyDueSteps(tx, key.id);
  return {
    key,
    active: versions.find(({ state }) => state === 'active'),
    pending: versions.find(({ state }) => state === 'pending'),
  };
}

const retireNow = (tx: Tx, version: KeyVersion): Promise<KeyVersion> =>
  tx.transition(KeyVersion, version, keyVersionLifecycle.event.retire);
