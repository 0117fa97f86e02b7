import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import {
  DomainError,
  type EpochMilliseconds,
  INSTALLATION_ID,
  type Page,
  SECOND,
  coreErrors,
  platformScope,
  systemOrigin,
} from '#core';
import { Database, IsNull, MoreThanColumn, type View } from '#database';
import { isStoreRefusal } from '#key-stores';
import { Counter } from '#metrics';
import {
  type Checkpoint,
  GrowingTiles,
  Malformed,
  type TileContent,
  type VerifierKey,
  edgeOf,
  formatCheckpoint,
  formatNote,
  openCheckpoint,
} from '#transparency-log';

import { CheckpointLog } from './checkpoint-log.service.js';
import { historyErrors } from './errors.js';
import { CHECKPOINT_LOG, leafHashesOf } from './log-entries.js';
import { KeptLogs, UNCOSIGNED, continues } from './kept-logs.service.js';
import { HistoryHead, type HistoryKey, HistorySize, HistoryTile } from './log.entities.js';
import { LogKeys } from './log-keys.service.js';
import { LogPlace } from './log-place.js';
import { placeOf, readTiles } from './stored-tiles.js';

const SYSTEM = platformScope(systemOrigin('history-checkpoints'));
/** How many leaves one checkpoint adds at most; more of them become several checkpoints. */
const LEAVES_MAX = 4_096;
/** How many of them are hashed in one go. */
const LEAVES_TOGETHER = 256;
/** How many histories are looked up by one query. */
const HISTORIES_PER_PAGE = 50;
/** How many are signed at the same time where a key is in a store: each waits for it. */
const SIGNED_IN_STORES_TOGETHER = 8;

/** A history whose checkpoint could not be signed. */
interface Unpublished {
  readonly tenantId: string;
  readonly error: unknown;
}

/** What is signed, and what has come since. */
interface Growth {
  readonly head: HistoryHead | null;
  /** How many events there are. */
  readonly size: number;
  readonly tiles: GrowingTiles;
  readonly leaves: readonly Buffer[];
  readonly now: EpochMilliseconds;
  readonly confirmed: EpochMilliseconds;
}

/**
 * Signs a checkpoint of each history that has grown. It never signs two that do not continue each other: the row of the
 * last one is changed only by who has read it, the new tree is computed from the tiles that were signed, and whatever was
 * kept outside of the database must be its beginning.
 */
@Injectable()
export class Checkpoints {
  /** Of this process: `signed` or `failed`. */
  readonly outcomes = new Counter();
  readonly #inconsistent = new Set<string>();
  #waitsForStore = false;
  #lastSignedAt: EpochMilliseconds | undefined;

  constructor(
    private readonly database: Database,
    private readonly keys: LogKeys,
    private readonly place: LogPlace,
    private readonly keptLogs: KeptLogs,
    private readonly checkpointLog: CheckpointLog,
  ) {}

  /**
   * Signs what has grown since. Where the key store of the latest key cannot sign, it cannot for any history: the rest is left to the
   * next time.
   * @returns the histories for which that was not possible, and why
   */
  async publishDue(): Promise<Unpublished[]> {
    const failed = await this.publishGrown();
    const refused = failed.filter(({ error }) => isStoreRefusal(error));
    this.#waitsForStore = refused.length > 0;
    // One tells of all that were signed at the same time.
    return failed.filter((one) => !refused.slice(1).includes(one));
  }

  private async publishGrown(): Promise<Unpublished[]> {
    const failed: Unpublished[] = [];
    const isStopped = (): boolean => failed.some(({ error }) => isStoreRefusal(error));
    const refused = await this.refusalOf(() => this.keys.refreshOrMake());
    if (refused) return [{ tenantId: INSTALLATION_ID, error: refused }];
    await this.keptLogs.refresh();
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.grownHistories(cursor);
      const together = this.keys.areInStores ? SIGNED_IN_STORES_TOGETHER : 1;
      for (let from = 0; from < items.length && !isStopped(); from += together) {
        const some = items.slice(from, from + together);
        failed.push(...(await Promise.all(some.map(({ tenantId }) => this.publishOne(tenantId)))).flat());
      }
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined && !isStopped());
    if (isStopped()) return failed;
    const error = await this.failureOf(() => this.enter());
    if (error !== undefined) failed.push({ tenantId: CHECKPOINT_LOG, error });
    return failed;
  }

  private async publishOne(tenantId: string): Promise<Unpublished[]> {
    const error = await this.failureOf(() => this.publishAll(tenantId));
    if (isInconsistent(error)) this.#inconsistent.add(tenantId);
    else if (error === undefined) this.#inconsistent.delete(tenantId);
    return error === undefined ? [] : [{ tenantId, error }];
  }

  private async refusalOf(work: () => Promise<void>): Promise<DomainError | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!isStoreRefusal(error)) throw error;
      this.outcomes.increment('failed');
      return error;
    }
  }

  /** Adds what was signed to the log of checkpoints, and signs that. */
  private async enter(): Promise<void> {
    let entered = 0;
    for (let count = 1; count > 0; entered += count) count = await this.checkpointLog.enterDue();
    if (entered > 0) await this.publishAll(CHECKPOINT_LOG);
    // A history that has not grown since is not signed again: its last checkpoint is kept all the same.
    await this.place.memory.keep([]);
  }

  private async failureOf(work: () => Promise<void>): Promise<unknown> {
    try {
      await work();
      return undefined;
    } catch (error) {
      this.outcomes.increment('failed');
      return error;
    }
  }

  /**
   * Whether this process has found a history that is not the one that was signed, at its start or when it was to sign it, or could
   * sign none last time because of the key store, or could not keep outside of the database what it has signed.
   */
  get isDegraded(): boolean {
    return this.#inconsistent.size > 0 || this.#waitsForStore || this.place.memory.isBehind;
  }

  /** When this process last signed one. */
  get lastSignedAt(): EpochMilliseconds | undefined {
    return this.#lastSignedAt;
  }

  /**
   * Signs the history of a tenant, or of the installation, as it is now.
   * @throws HISTORY_INCONSISTENT; KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async publish(tenantId: string): Promise<void> {
    // What other processes have signed, and by which keys.
    await this.keys.refresh();
    await this.keptLogs.refresh();
    await this.publishAll(tenantId);
  }

  private async publishAll(tenantId: string): Promise<void> {
    while (await this.publishNext(tenantId)) {
      // A history that has grown by more than one checkpoint adds.
    }
  }

  /**
   * The logs of which more was signed than the database has, or something else. One that continues under another name since
   * a restoration has ended and is not among them.
   */
  async rolledBack(): Promise<string[]> {
    const lost = await this.keptLogs.lost();
    for (const { tenantId } of lost) this.#inconsistent.add(tenantId);
    return lost.map(({ checkpoint }) => checkpoint.origin);
  }

  /** One page, in the order of the tenants: those that cannot be signed do not keep the others waiting. */
  private grownHistories(cursor: string | undefined): Promise<Page<HistorySize>> {
    const where = [{ size: MoreThanColumn('publishedSize') }, { publishedSize: IsNull() }];
    return this.database.readPlatform(SYSTEM, (view) =>
      view.page(HistorySize, where, [['tenantId', 'ASC']], { limit: HISTORIES_PER_PAGE, cursor }),
    );
  }

  /**
   * A step: the last checkpoint of a history, where one of the keys signed it and it continues what was kept outside of the
   * database. The keys are those that were read last.
   * @returns `undefined` before the first
   * @throws HISTORY_INCONSISTENT
   */
  async signed(view: View, tenantId: string): Promise<Checkpoint | undefined> {
    const before = await view.findOne(HistoryHead, { id: tenantId });
    if (!before) return undefined;
    const { origin } = before;
    const kept = this.keptLogs.last(origin);
    // It is kept after it was stored: read after what was kept, the last one is not older.
    const { note, size, root } = await view.get(HistoryHead, { id: tenantId });
    // After a restoration the log has another name from its next checkpoint on.
    const signedName = note.slice(0, note.indexOf('\n'));
    const isOwn = signedName.endsWith(`/${tenantId}`);
    const checkpoint = isOwn ? openedBy(this.keys.verifierKeysOf(signedName), signedName, note) : undefined;
    if (checkpoint?.size !== size || hex(checkpoint.root) !== root) throw historyErrors.HISTORY_INCONSISTENT();
    if (kept && !(await continues(view, tenantId, kept))) throw historyErrors.HISTORY_INCONSISTENT();
    return checkpoint;
  }

  /** @returns whether there is more to sign */
  private async publishNext(tenantId: string): Promise<boolean> {
    const growth = await this.database.readPlatform(SYSTEM, (view) => grown(view, tenantId));
    if (!growth) return false;
    const { head, tiles, leaves, size, now, confirmed } = growth;
    const origin = head?.origin ?? this.keptLogs.keptOrigin(tenantId) ?? `${this.place.host()}/${tenantId}`;
    const kept = this.keptLogs.last(origin);
    if (kept && size < kept.size) throw historyErrors.HISTORY_INCONSISTENT();
    const requireRoot = async (root: string | undefined): Promise<void> => {
      if (root !== undefined && hex(await tiles.root()) !== root) throw historyErrors.HISTORY_INCONSISTENT();
    };
    await requireRoot(head?.root);
    if (kept?.size === tiles.size) await requireRoot(hex(kept.root));
    for (const [place, leaf] of leaves.entries()) {
      // Thousands of hashes take milliseconds: requests are answered meanwhile.
      if (place % LEAVES_TOGETHER === LEAVES_TOGETHER - 1) await yieldToEventLoop();
      tiles.append(leaf);
      if (kept?.size === tiles.size) await requireRoot(hex(kept.root));
    }
    const checkpoint = { origin, size: tiles.size, root: await tiles.root() };
    const text = formatCheckpoint(checkpoint);
    // While a store signs, this process can rotate the keys, the database be rolled back, and another process sign something else.
    const keys = this.keys.all;
    const lines = await this.keys.linesOf(origin, text, confirmed, Math.floor(now / SECOND));
    if (this.keys.areInStores) {
      await this.keptLogs.refresh();
      if (this.keptLogs.last(origin)?.note !== kept?.note) return false;
    }
    const note = formatNote({ text, signatures: lines });
    if (!(await this.store(tenantId, head, checkpoint, { note, keys }, tiles.changed()))) return false;
    this.outcomes.increment('signed');
    this.#lastSignedAt = now;
    await this.place.memory.keep([this.keys.keptNote(origin, text, lines)]);
    return tiles.size < size;
  }

  /** Stores a checkpoint with its tiles. @returns whether it did: not where another instance was faster, or the keys are others by now */
  private async store(
    tenantId: string,
    head: HistoryHead | null,
    { origin, size, root }: Checkpoint,
    { note, keys }: { readonly note: string; readonly keys: readonly HistoryKey[] },
    changed: readonly TileContent[],
  ): Promise<boolean> {
    const incomplete = new Set(edgeOf(head?.size ?? 0).map(placeOf));
    try {
      await this.database.platform(SYSTEM, async (tx) => {
        tx.housekeeping('checkpoints of the history');
        const enterAt =
          tenantId === CHECKPOINT_LOG ? null : (head?.enterAt ?? Math.max(tx.now, head?.nextEntryAt ?? 0));
        const isAnew = head?.size === size;
        // Witnesses have cosigned what another key has signed.
        const cosigned = isAnew ? { cosignedSize: null, cosignedSizes: head.cosignedSizes && {} } : {};
        const next = { size, root: hex(root), note, publishedAt: tx.now, enterAt, ...cosigned };
        if (head) await tx.change(HistoryHead, head, next);
        else if (
          !(await tx.insertIfAbsent(HistoryHead, {
            id: tenantId,
            origin,
            ...next,
            ...UNCOSIGNED,
            nextEntryAt: null,
            version: 1,
          }))
        ) {
          throw coreErrors.PRECONDITION_FAILED();
        }
        for (const tile of changed) {
          const [place, hashes] = [placeOf(tile), Buffer.from(tile.hashes)];
          if (incomplete.has(place)) await tx.update(HistoryTile, { tenantId, place }, { hashes });
          else await tx.insert(HistoryTile, { tenantId, place, hashes });
        }
        // Late: every transaction that records events waits for this row, and so does the one that ends a compromised key.
        await tx.note(HistorySize, { tenantId }, { publishedSize: size });
        // The next run signs with the key that was made meanwhile, and without one that was ended.
        if (!(await this.keys.areCurrent(tx, keys))) throw coreErrors.PRECONDITION_FAILED();
      });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === coreErrors.PRECONDITION_FAILED.code) return false;
      throw error;
    }
  }
}

/** `undefined` where none of the keys signed it. */
function openedBy(keys: readonly VerifierKey[], origin: string, note: string): Checkpoint | undefined {
  try {
    return openCheckpoint(note, origin, keys);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const isInconsistent = (error: unknown): boolean =>
  error instanceof DomainError && error.code === historyErrors.HISTORY_INCONSISTENT.code;

/** What has been added to a history since its last checkpoint; `undefined` where nothing has. @throws HISTORY_INCONSISTENT */
async function grown(view: View, tenantId: string): Promise<Growth | undefined> {
  const total = await view.findOne(HistorySize, { tenantId });
  const head = await view.findOne(HistoryHead, { id: tenantId });
  const signed = head?.size ?? 0;
  // Where the number is not known of what was signed, it is signed again: a key was found to be compromised.
  if (!total || (total.size === signed && total.publishedSize !== null) || total.size === 0) return undefined;
  if (total.size < signed) throw historyErrors.HISTORY_INCONSISTENT();
  const edge = await readTiles(view, tenantId, edgeOf(signed));
  const to = Math.min(total.size, signed + LEAVES_MAX);
  const hashes = await leafHashesOf(view, tenantId, signed, to);
  // Numbers have no gaps and are visible in their order: what is missing was removed.
  if (hashes.length !== to - signed) throw historyErrors.HISTORY_INCONSISTENT();
  return {
    head,
    size: total.size,
    tiles: growing(signed, edge),
    leaves: hashes.map((hash) => Buffer.from(hash, 'hex')),
    now: view.now,
    confirmed: view.confirmed,
  };
}

function growing(size: number, edge: readonly TileContent[]): GrowingTiles {
  try {
    return new GrowingTiles(size, edge);
  } catch (error) {
    throw historyErrors.HISTORY_INCONSISTENT({ cause: error });
  }
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
