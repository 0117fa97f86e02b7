import type { KeyObject } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import {
  DomainError,
  type EpochMilliseconds,
  MINUTE,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  isPlatformScope,
  platformScope,
  systemOrigin,
} from '#core';
import { type AlgorithmName, uuidv7 } from '#crypto';
import { Database, In, IsNull, LessThanOrEqual, MoreThan, Not, type Tx, withoutCompletion } from '#database';
import { DueItems, DueKind, Expires } from '#scheduler';

import { StoredObject } from './entities.js';
import { keyStoreErrors } from './errors.js';
import { keyStoreEvents } from './events.js';
import type { StorePlace } from './key-store.js';
import { KeyStores } from './key-stores.service.js';

/** So long something may take to refer to a key after it was made: a request that was cut off leaves one that nothing refers to. */
const RESERVED_FOR = 15 * MINUTE;
/** How many keys of a tenant may wait to be destroyed before no more are made for it: a store has room for few. */
const WAITING_PER_TENANT_MAX = 20;
const RETRY_AFTER_SECONDS = 60;
const ROWS_PER_READ = 100;

/** The steps of whatever has a private key in a store. */

/** A step: something refers to the key from now on. @throws BUSY where that took so long that the key is being destroyed */
export async function keepObject(tx: Tx, id: string): Promise<void> {
  const kept = await tx.installation.update(StoredObject, { id, destroyAt: MoreThan(tx.now) }, { destroyAt: null });
  if (kept !== 1) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
}

/** A step: nothing refers to these keys from now on. They are destroyed by the scheduler, as soon as their store answers. */
export async function releaseObjects(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.installation.update(StoredObject, { id: In([...ids]), destroyAt: IsNull() }, { destroyAt: tx.now });
}

/** A step: the same for one that signs until an instant. */
export async function endObject(tx: Tx, id: string, at: EpochMilliseconds): Promise<void> {
  const later = [
    { id, destroyAt: IsNull() },
    { id, destroyAt: MoreThan(at) },
  ];
  for (const where of later) await tx.installation.update(StoredObject, where, { destroyAt: at });
}

/** A step: the same for everything of a tenant that is deleted. */
export async function releaseObjectsOf(tx: Tx, tenantId: string): Promise<void> {
  await tx.installation.update(StoredObject, { tenantId }, { destroyAt: tx.now });
}

/** A private key that was made in a store, and that nothing refers to yet. */
export interface MadeObject {
  readonly recordId: string;
  readonly publicKey: KeyObject;
}

/** Which keys are in stores, of tenants and of the installation: each is written down before it is made. */
@Injectable()
export class StoredObjects {
  constructor(
    private readonly database: Database,
    private readonly stores: KeyStores,
  ) {}

  /**
   * Makes a key pair in a store that answers. Unless a transaction keeps it in time, it is destroyed again. Not within a transaction.
   * @throws KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async make(
    scope: TenantScope | PlatformScope,
    store: string,
    key: { readonly algorithm: AlgorithmName; readonly modulusBits: number | undefined },
  ): Promise<MadeObject> {
    const { tenantId } = scope;
    await this.stores.requireAnswer(tenantId, store);
    const recordId = await this.reserve(scope, store);
    try {
      const { publicKey } = await this.stores.generate(store, { tenantId, recordId }, key);
      return { recordId, publicKey };
    } catch (error) {
      // A store that did not answer may be making it still: it is looked for when what was reserved ends.
      const isAnswer = !(error instanceof DomainError && error.code === keyStoreErrors.KEY_STORE_UNAVAILABLE.code);
      if (isAnswer) await this.discard(tenantId, recordId);
      throw error;
    }
  }

  /** @returns the id of a key that is about to be made @throws KEY_STORE_BUSY while many of the tenant wait to be destroyed */
  private async reserve(scope: TenantScope | PlatformScope, store: string): Promise<string> {
    const { tenantId } = scope;
    return this.transaction(scope, async (tx) => {
      tx.housekeeping('a key that is about to be made in a store, so that none is left there without a trace');
      const waiting = await tx.installation.count(StoredObject, { tenantId, destroyAt: Not(IsNull()) });
      if (waiting >= WAITING_PER_TENANT_MAX) {
        throw keyStoreErrors.KEY_STORE_BUSY({
          detail: 'Many keys of the tenant wait to be destroyed in their store',
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      const id = uuidv7(tx.now);
      const row = { id, tenantId, store, createdAt: tx.now, destroyAt: tx.now + RESERVED_FOR };
      await tx.installation.insert(StoredObject, row);
      return id;
    });
  }

  /** Destroys a key that was made for nothing, immediately where its store answers. One that was kept stays. */
  async discard(tenantId: string, id: string): Promise<void> {
    const object = await this.transaction({ ...ORIGIN, tenantId }, async (tx) => {
      tx.housekeeping('a key that was made in a store and that nothing refers to');
      const where = { id, destroyAt: Not(IsNull()) };
      await tx.installation.update(StoredObject, where, { destroyAt: tx.now });
      return tx.installation.findOne(StoredObject, where);
    });
    // The scheduler tries again.
    if (object) await this.destroy(object).catch(() => undefined);
  }

  /**
   * Which of the private keys that something refers to a store does not have: after a restoration, or where somebody deleted them.
   * @param limit how many of the store are looked for
   * @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async missing(
    store: string,
    limit: number,
  ): Promise<{ readonly looked: number; readonly missing: readonly StoredObject[] }> {
    const missing: StoredObject[] = [];
    let looked = 0;
    for (let last = ''; looked < limit;) {
      const rows = await this.database.readPlatform(SCOPE, (view) =>
        view.find(
          StoredObject,
          { destroyAt: IsNull(), store, id: MoreThan(last) },
          { order: { id: 'ASC' }, limit: Math.min(ROWS_PER_READ, limit - looked) },
        ),
      );
      for (const row of rows) {
        if (!(await this.stores.holds(store, { tenantId: row.tenantId, recordId: row.id }))) missing.push(row);
      }
      looked += rows.length;
      if (rows.length < ROWS_PER_READ) break;
      last = rows.at(-1)!.id;
    }
    return { looked, missing };
  }

  /**
   * Which keys of a store are named as ours, and of none of our rows: of another database, or made after the backup that this one was
   * restored from, or by a store that answered too late.
   * @returns `undefined` where the store does not tell
   * @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async unknown(store: string): Promise<readonly StorePlace[] | undefined> {
    const places = await this.stores.list(store);
    if (!places) return undefined;
    const unknown: StorePlace[] = [];
    for (let first = 0; first < places.length; first += ROWS_PER_READ) {
      const some = places.slice(first, first + ROWS_PER_READ);
      const rows = await this.database.readPlatform(SCOPE, (view) =>
        view.find(StoredObject, { id: In(some.map(({ recordId }) => recordId)) }),
      );
      const known = new Set(rows.map(({ id, tenantId }) => `${tenantId} ${id}`));
      for (const place of some) {
        const isKnown = known.has(`${place.tenantId} ${place.recordId}`);
        // It may have been destroyed since the store listed it.
        if (!isKnown && (await this.stores.holds(store, place))) unknown.push(place);
      }
    }
    return unknown;
  }

  /** @returns `false` while its store is not configured @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
  async destroy({ id, tenantId, store }: StoredObject): Promise<boolean> {
    if (!this.stores.has(store)) return false;
    await this.stores.destroy(store, { tenantId, recordId: id });
    await this.transaction({ ...ORIGIN, tenantId }, async (tx) => {
      const deleted = await tx.installation.delete(StoredObject, { id, destroyAt: Not(IsNull()) });
      tx.housekeeping('another instance has destroyed it');
      if (deleted === 1) tx.record(keyStoreEvents.object_destroyed(id, { details: { keyStore: store } }));
    });
    return true;
  }

  /** Beside whatever work the scope is of. */
  private transaction<T>(scope: TenantScope | PlatformScope, work: (tx: Tx) => Promise<T>): Promise<T> {
    return isPlatformScope(scope)
      ? this.database.platform(withoutCompletion(scope), work)
      : this.database.transaction(withoutCompletion(scope), work);
  }
}

const ORIGIN = systemOrigin('key-stores');
const SCOPE = platformScope(ORIGIN);

/** Destroys private keys in their stores that nothing refers to any more. */
@Expires({})
@Injectable()
export class DueStoredObjects extends DueKind<StoredObject> {
  constructor(database: Database, objects: StoredObjects) {
    super(
      new DueItems(database, {
        kind: 'private key in a key store',
        scope: SCOPE,
        entity: StoredObject,
        lists: [{ where: (now) => ({ destroyAt: LessThanOrEqual(now) }), dueColumn: 'destroyAt' }],
        handle: (object) => objects.destroy(object),
      }),
    );
  }
}
