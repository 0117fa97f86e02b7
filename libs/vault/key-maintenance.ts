import { Injectable } from '@nestjs/common';

import { DomainError, INSTALLATION_ID, MINUTE, PAGE_LIMIT_MAX, type PlatformScope, coreErrors } from '#core';
import { blobKeyVersion, sealingErrors } from '#crypto';
import { Database, type EntityClass, IsNull, LessThan, Not, type Tx, type Where } from '#database';

import { WrappedDataKey } from './entities.js';
import { dataKeyEvents } from './events.js';
import { type SealedColumnSource, sealedColumnsOf } from './sealed-columns.js';
import { KEYRING_KEPT_FOR, Vault } from './vault.js';

interface Rewrapped {
  readonly rewrapped: number;
  /** Data keys that the current master key does not wrap: no available key opens them, or others made them meanwhile. */
  readonly left: number;
  /** The master keys that wrap those. */
  readonly missingKeyIds: readonly string[];
}

interface Resealed {
  readonly resealed: number;
  /** Values that do not open: see the doctor. */
  readonly unreadable: number;
  /** Earlier data keys that are kept for now: another instance may still seal with them. */
  readonly kept: number;
}

/** A sealed value that cannot be decrypted, or not in its place. */
interface UnreadableValue {
  readonly table: string;
  readonly column: string;
  readonly recordId: string;
  readonly tenantId: string;
  readonly reason: string;
}

type Row = Record<string, unknown>;

/** Twice what an instance may keep a keyring, so that no sealing that is still under way uses the earlier key. */
const KEPT_AFTER_ROTATION = 2 * KEYRING_KEPT_FOR + MINUTE;

/**
 * What is done to the keys of the vault while the service runs: each step is one conditional change, so that it may be
 * killed anywhere, run again, and run twice in parallel.
 */
@Injectable()
export class KeyMaintenance {
  readonly #sources: readonly SealedColumnSource[];

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {
    this.#sources = sealedColumnsOf(database.entities);
  }

  /** Wraps every data key by the current master key. Nothing that they sealed is touched. @throws SEALED */
  async rewrap(scope: PlatformScope): Promise<Rewrapped> {
    let rewrapped = 0;
    for await (const row of this.dataKeys(scope)) {
      const renewed = await this.vault.wrappedAnew(row);
      if (!renewed) continue;
      rewrapped += await this.database.platform(scope, async (tx) => {
        tx.housekeeping('somebody faster may have done it');
        const where = { id: row.id, keyEncryptionKeyId: row.keyEncryptionKeyId, wrapped: Not(IsNull()) };
        if ((await tx.installation.update(WrappedDataKey, where, renewed)) === 0) return 0;
        const details = { tenantId: row.tenantId, from: row.keyEncryptionKeyId, to: renewed.keyEncryptionKeyId };
        tx.record(dataKeyEvents.rewrapped(row.id, { details }));
        return 1;
      });
    }
    const left = await this.leftToRewrap(scope);
    return { rewrapped, left: left.length, missingKeyIds: [...new Set(left)].toSorted() };
  }

  /** For every data key that the current master key does not wrap, the id of the one that does. */
  async leftToRewrap(scope: PlatformScope): Promise<readonly string[]> {
    const left: string[] = [];
    for await (const { keyEncryptionKeyId } of this.dataKeys(scope)) {
      if (keyEncryptionKeyId !== this.vault.currentKeyId) left.push(keyEncryptionKeyId);
    }
    return left;
  }

  /** The tenants that have a data key, the installation among them. */
  async tenants(scope: PlatformScope): Promise<readonly string[]> {
    const tenants = new Set<string>();
    for await (const { tenantId } of this.dataKeys(scope)) tenants.add(tenantId);
    return [...tenants];
  }

  /**
   * Gives a tenant a new data key and seals everything again with it; the earlier keys are destroyed as soon as no
   * instance can be sealing with them. Where a rotation is under way it continues with that one.
   */
  async rotateDataKey(scope: PlatformScope, tenantId: string): Promise<Resealed> {
    const { current, mayDestroy } = await this.database.platform(scope, async (tx) => {
      const [newest, ...earlier] = await livingKeys(tx, tenantId);
      if (!newest) throw coreErrors.NOT_FOUND('The tenant has no data key');
      tx.housekeeping('a rotation that is under way continues');
      // Effective before the search begins: what an instance with an old keyring seals behind it would not be found.
      if (earlier.length > 0) {
        return { current: newest, mayDestroy: tx.confirmed >= newest.createdAt + KEPT_AFTER_ROTATION };
      }
      const number = newest.number + 1;
      if (await this.vault.addDataKey(tx, tenantId, number)) {
        tx.record(dataKeyEvents.rotated(tenantId, { details: { number } }));
      }
      return { current: await tx.installation.get(WrappedDataKey, { tenantId, number }), mayDestroy: false };
    });
    let resealed = 0;
    let unreadable = 0;
    for await (const { source, row } of this.values(scope, tenantId)) {
      try {
        const version = blobKeyVersion(row[source.column] as Buffer);
        if (version === current.number) continue;
        resealed += await this.reseal(scope, source, tenantId, row[source.idColumn] as string);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        unreadable += 1;
      }
    }
    return { resealed, unreadable, kept: await this.destroyEarlier(scope, current, mayDestroy && unreadable === 0) };
  }

  /** Decrypts the sealed values of a tenant, or of the installation: at most `limit` of each column. */
  async unreadable(scope: PlatformScope, tenantId: string, limit = Infinity): Promise<readonly UnreadableValue[]> {
    const found: UnreadableValue[] = [];
    for await (const { source, row } of this.values(scope, tenantId, limit)) {
      const recordId = row[source.idColumn] as string;
      try {
        const blob = row[source.column] as Buffer;
        await this.database.readPlatform(scope, (view) =>
          this.vault.open(view, source.place(tenantId, recordId), blob),
        );
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        const reason = error.message;
        found.push({ table: source.entity.name, column: source.column, recordId, tenantId, reason });
      }
    }
    return found;
  }

  private async reseal(
    scope: PlatformScope,
    { entity, column, idColumn, place }: SealedColumnSource,
    tenantId: string,
    recordId: string,
  ): Promise<number> {
    return this.database.platform(scope, async (tx) => {
      tx.housekeeping('the same value under another key');
      const where = { [idColumn]: recordId };
      // A value that was erased meanwhile must stay erased.
      const row = (await tx.lock(entity, where)) as Row;
      const blob = row[column] as Buffer | null;
      if (!blob) return 0;
      const value = await this.vault.open(tx, place(tenantId, recordId), blob);
      return tx.note(entity, where, { [column]: await this.vault.seal(tx, place(tenantId, recordId), value) });
    });
  }

  /** @returns how many earlier keys are kept, because values or running instances may still need them */
  private async destroyEarlier(scope: PlatformScope, current: WrappedDataKey, mayDestroy: boolean): Promise<number> {
    const { tenantId } = current;
    return this.database.platform(scope, async (tx) => {
      tx.housekeeping('nothing to destroy yet');
      const where = { tenantId, number: LessThan(current.number), wrapped: Not(IsNull()) };
      const earlier = await tx.installation.find(WrappedDataKey, where);
      if (!mayDestroy) return earlier.length;
      for (const { id, number } of earlier) {
        await tx.installation.update(WrappedDataKey, { id }, { wrapped: null, destroyedAt: tx.now });
        tx.record(dataKeyEvents.destroyed(id, { details: { tenantId, number } }));
      }
      return 0;
    });
  }

  /** Every data key that is not destroyed, in pages. */
  private dataKeys(scope: PlatformScope): AsyncGenerator<WrappedDataKey> {
    return this.pages(scope, WrappedDataKey, { wrapped: Not(IsNull()) }, 'id');
  }

  /** Every sealed value of a tenant, in pages, column by column. */
  private async *values(
    scope: PlatformScope,
    tenantId: string,
    limit = Infinity,
  ): AsyncGenerator<{ source: SealedColumnSource; row: Row }> {
    const isInstallation = tenantId === INSTALLATION_ID;
    for (const source of this.#sources) {
      if (source.ofInstallation && !isInstallation) continue;
      const where = { [source.column]: Not(IsNull()), ...(source.ofInstallation ? {} : { tenantId }) };
      const rows = this.pages(scope, source.entity as EntityClass<Row>, where, source.idColumn);
      let seen = 0;
      for await (const row of rows) {
        if (seen++ >= limit) break;
        yield { source, row };
      }
    }
  }

  private async *pages<R extends object>(
    scope: PlatformScope,
    entity: EntityClass<R>,
    where: Where<R>,
    idColumn: keyof R & string,
  ): AsyncGenerator<R> {
    let cursor: string | undefined;
    do {
      const request = { limit: PAGE_LIMIT_MAX, cursor };
      const page = await this.database.readPlatform(scope, (view) =>
        view.page(entity, where, [[idColumn, 'ASC']], request),
      );
      yield* page.items;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}

/** Newest first. */
const livingKeys = (tx: Tx, tenantId: string): Promise<WrappedDataKey[]> =>
  tx.installation.find(WrappedDataKey, { tenantId, wrapped: Not(IsNull()) }, { order: { number: 'DESC' } });

const isUnreadable = (error: unknown): error is Error =>
  error instanceof DomainError && UNREADABLE.includes(error.code);

const UNREADABLE: readonly string[] = [sealingErrors.BLOB_UNREADABLE.code, sealingErrors.SEALED.code];
