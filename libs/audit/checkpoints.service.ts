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
  type NoteSignature,
  type TileContent,
  type VerifierKey,
  edgeOf,
  formatCheckpoint,
  formatNote,
  openCheckpoint,
  parseNote,
} from '#transparency-log';

import type { CheckpointMemory } from './checkpoint-file.js';
import { CheckpointLog } from './checkpoint-log.service.js';
import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { CHECKPOINT_LOG, leafHashesOf } from './log-entries.js';
import { HistoryHead, type HistoryKey, HistorySize, HistoryTile } from './log.entities.js';
import { LogKeys } from './log-keys.service.js';
import { sequenceAt } from './sequence-at.js';
import { placeOf, readTiles, rootAt } from './stored-tiles.js';

const SYSTEM = platformScope(systemOrigin('history-checkpoints'));
/** How many leaves one checkpoint adds at most; more of them become several checkpoints. */
const LEAVES_MAX = 4_096;
/** How many of them are hashed in one go. */
const LEAVES_TOGETHER = 256;
/** How many histories are looked up by one query. */
const HISTORIES_PER_PAGE = 50;
/** How many are signed at the same time where a key is in a store: each waits for it. */
const SIGNED_IN_STORES_TOGETHER = 8;

/** Of a log that no witness has seen. */
const UNCOSIGNED = { cosignedSize: null, cosignedSizes: null, cosignedNote: null };

/** A history whose checkpoint could not be signed. */
interface Unpublished {
  readonly tenantId: string;
  readonly error: unknown;
}

/** A log that ended by a restoration of the database. */
export interface EndedLog {
  readonly origin: string;
  /** How many events the last checkpoint had that was kept of it. */
  readonly size: number;
  /** The log that the history continues as. */
  readonly continuesAs: string;
}

/** A log of which a checkpoint was kept outside of the database. */
interface KeptLog {
  readonly tenantId: string;
  readonly checkpoint: Checkpoint;
  /** Whether the database has what was signed of it. */
  readonly isContinued: boolean;
  /** The log that its history continues as since a restoration. */
  readonly continuesAs?: string;
}

const isLost = ({ isContinued, continuesAs }: KeptLog): boolean => !isContinued && continuesAs === undefined;

/** Where the logs of this installation are. */
export abstract class LogPlace {
  /** The host in the names of logs that begin now. */
  abstract readonly host: () => string;
  abstract readonly memory: CheckpointMemory;
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
    await this.place.memory.refresh();
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
   * sign none last time because of the key store.
   */
  get isDegraded(): boolean {
    return this.#inconsistent.size > 0 || this.#waitsForStore;
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
    await this.place.memory.refresh();
    await this.publishAll(tenantId);
  }

  private async publishAll(tenantId: string): Promise<void> {
    while (await this.publishNext(tenantId)) {
      // A history that has grown by more than one checkpoint adds.
    }
  }

  /**
   * Where a restored history lacks what was signed later, it continues as another log: two checkpoints of one log must never
   * contradict each other, and a witness of the old one sees that it ended. An event of the history says so.
   */
  async onRestored({ restoredAt }: { readonly restoredAt: EpochMilliseconds }): Promise<void> {
    const lost = (await this.keptLogs()).filter(isLost);
    for (const [tenantId, logs] of Map.groupBy(lost, (log) => log.tenantId)) {
      await this.goOnAs(
        restoredAt,
        tenantId,
        logs.map(({ checkpoint }) => checkpoint),
      );
    }
  }

  /**
   * The logs of which more was signed than the database has, or something else. One that continues under another name since
   * a restoration has ended and is not among them.
   */
  async rolledBack(): Promise<string[]> {
    const lost = (await this.keptLogs()).filter(isLost);
    for (const { tenantId } of lost) this.#inconsistent.add(tenantId);
    return lost.map(({ checkpoint }) => checkpoint.origin);
  }

  /** The logs that ended by a restoration, and under which name the history of each continues. */
  async ended(): Promise<EndedLog[]> {
    return (await this.keptLogs()).flatMap(({ checkpoint: { origin, size }, continuesAs }) =>
      continuesAs === undefined ? [] : [{ origin, size, continuesAs }],
    );
  }

  private async keptLogs(): Promise<KeptLog[]> {
    // Nothing verifies what was kept: the vault has logged which row was altered.
    if (!this.keys.areKnown) return [];
    const logs: KeptLog[] = [];
    for (const origin of this.place.memory.origins()) {
      const checkpoint = this.kept(origin);
      const tenantId = origin.slice(origin.lastIndexOf('/') + 1);
      if (!checkpoint) continue;
      const log = await this.database.readPlatform(SYSTEM, async (view) => {
        const head = await view.findOne(HistoryHead, { id: tenantId });
        const hasEnded = head !== null && restoredAtOf(head.origin) > restoredAtOf(origin);
        const isContinued = await continues(view, tenantId, checkpoint);
        return { tenantId, checkpoint, isContinued, ...(hasEnded ? { continuesAs: head.origin } : {}) };
      });
      logs.push(log);
    }
    return logs;
  }

  /** @param lost what was signed of the history, and is not in it */
  private async goOnAs(restoredAt: EpochMilliseconds, tenantId: string, lost: readonly Checkpoint[]): Promise<void> {
    const continuesAs = `${this.place.host()}/restored-${restoredAt}/${tenantId}`;
    const { now, confirmed } = await this.database.readPlatform(SYSTEM, async (view) => ({
      now: view.now,
      confirmed: view.confirmed,
    }));
    // A backup of before the first checkpoint has no row that could have another name.
    const empty = { origin: continuesAs, size: 0, root: await new GrowingTiles(0, []).root() };
    const text = formatCheckpoint(empty);
    const signatures = this.keys.sealedLinesOf(continuesAs, text, confirmed, Math.floor(now / SECOND));
    const note = formatNote({ text, signatures });
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the name of a restored history');
      const head = await tx.lockIfPresent(HistoryHead, { id: tenantId });
      if (head?.origin === continuesAs) return;
      if (head) await tx.update(HistoryHead, { id: tenantId }, { origin: continuesAs, ...UNCOSIGNED });
      else {
        const row = { id: tenantId, origin: continuesAs, size: 0, root: hex(empty.root), note, ...UNCOSIGNED };
        const rest = { publishedAt: tx.now, enterAt: null, nextEntryAt: null, version: 1 };
        if (!(await tx.insertIfAbsent(HistoryHead, { ...row, ...rest }))) return;
      }
      const { size: present = 0 } = (await tx.findOne(HistorySize, { tenantId })) ?? {};
      const hasEvents = tenantId !== CHECKPOINT_LOG && present > 0;
      // What else follows from the restoration may have been recorded before this.
      const restored = hasEvents ? ((await sequenceAt(tx, tenantId, restoredAt)) ?? present) : present;
      // The installation's history says it of the log of checkpoints, and of a tenant that was created after the backup.
      const own = hasEvents && tenantId !== INSTALLATION_ID ? { tenantId } : {};
      for (const { origin: log, size, root } of lost) {
        const details = { log, size, rootHash: hex(root), restored, continuesAs };
        tx.record(historyEvents.log_ended(tenantId, { ...own, details }));
      }
    });
  }

  /** One page, in the order of the tenants: those that cannot be signed do not keep the others waiting. */
  private grownHistories(cursor: string | undefined): Promise<Page<HistorySize>> {
    const where = [{ size: MoreThanColumn('publishedSize') }, { publishedSize: IsNull() }];
    return this.database.readPlatform(SYSTEM, (view) =>
      view.page(HistorySize, where, [['tenantId', 'ASC']], { limit: HISTORIES_PER_PAGE, cursor }),
    );
  }

  /**
   * The logs of which checkpoints were kept that a key signed which this database does not have: it was restored from before a
   * rotation of the keys.
   */
  signedByLaterKeys(): string[] {
    return this.place.memory.origins().filter((origin) => {
      const known = this.keys.keepersOf(origin);
      const { signatures } = parseNote(this.place.memory.last(origin)!);
      const isKnown = ({ keyId }: NoteSignature): boolean => known.some((key) => Buffer.from(key.keyId).equals(keyId));
      return this.kept(origin) !== undefined && !signatures.every(isKnown);
    });
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
    const kept = this.kept(origin);
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
    const origin = head?.origin ?? this.keptOrigin(tenantId) ?? `${this.place.host()}/${tenantId}`;
    const lastKept = this.place.memory.last(origin);
    const kept = this.kept(origin);
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
      await this.place.memory.refresh();
      if (this.place.memory.last(origin) !== lastKept) return false;
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

  /** What a log was called that was kept: one that the database has lost continues under no other name. */
  private keptOrigin(tenantId: string): string | undefined {
    return this.place.memory.origins().find((origin) => origin.endsWith(`/${tenantId}`) && this.kept(origin));
  }

  /** The checkpoint that was kept of a log, where this installation signed it: another one may have used the file. */
  private kept(origin: string): Checkpoint | undefined {
    const note = this.place.memory.last(origin);
    return note === undefined ? undefined : openedBy(this.keys.keepersOf(origin), origin, note);
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

/** When a log began, where that was by a restoration. */
const restoredAtOf = (origin: string): EpochMilliseconds => Number(/\/restored-(\d+)\//.exec(origin)?.[1] ?? 0);

const isInconsistent = (error: unknown): boolean =>
  error instanceof DomainError && error.code === historyErrors.HISTORY_INCONSISTENT.code;

/** Whether the tree of a history is one that a checkpoint is the beginning of. */
async function continues(view: View, tenantId: string, kept: Checkpoint): Promise<boolean> {
  const head = await view.findOne(HistoryHead, { id: tenantId });
  if (!head || head.size < kept.size) return false;
  return (await rootAt(view, tenantId, kept.size)) === hex(kept.root);
}

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
