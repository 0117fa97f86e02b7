import { DAY, DomainError, type EpochMilliseconds, type PlatformScope, fromRfc3339, toRfc3339 } from '#core';
import { uuidv7 } from '#crypto';
import { Between, type Database, LessThanOrEqual, type Tx, type View } from '#database';
import { DueItems } from '#scheduler';
import { type Checkpoint, GrowingTree, TILE_WIDTH, leafHash, subtreesOf } from '#transparency-log';

import { AuditEvent } from './audit-event.entity.js';
import type { EventDocument } from './event.js';
import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { HistoryBorder } from './history-border.entity.js';
import { HistoryHead } from './log.entities.js';
import { hashesOf } from './stored-tiles.js';

// Steps of what erases the bodies of old events. Hashes are never erased: checkpoints, tiles and proofs stay as they are.

/** For how long an erasure is announced that a change of the settings brings forward. */
const ERASURE_ANNOUNCED_FOR = 30 * DAY;
/** Bundles of entries that one transaction erases: some tens of milliseconds. */
const BUNDLES_AT_ONCE = 4;
/** How often it is looked whether there is more to erase. */
const LOOKED_AT_EVERY = DAY;

/** Of a history of which nothing is erased. */
const UNERASED = { erasedBefore: 0, erasedUntil: null } as const;
export type Erased = Pick<HistoryBorder, 'erasedBefore' | 'erasedUntil'>;

/** What of a history is erased. */
export const erasedOf = async (view: View, tenantId: string): Promise<Erased> =>
  (await view.findOne(HistoryBorder, { tenantId })) ?? UNERASED;

/** That something is asked for which is erased, with the border. */
export const historyErased = ({ erasedBefore, erasedUntil }: Erased): DomainError =>
  historyErrors.HISTORY_ERASED({
    detail: `The events before number ${erasedBefore} are erased; their hashes and every proof remain`,
    extensions: { erasedBefore, erasedUntil: erasedUntil === null ? null : toRfc3339(erasedUntil) },
  });

/** @throws HISTORY_ERASED where the body of this event is erased */
export function requireRetained(erased: Erased, sequence: number): void {
  if (sequence < erased.erasedBefore) throw historyErased(erased);
}

/** The event of the last erasure of a history; `undefined` where nothing is erased. */
export async function lastErasure(view: View, tenantId: string): Promise<AuditEvent | undefined> {
  const { action } = historyEvents.bodies_erased;
  const order = { occurredAt: 'DESC', id: 'DESC' } as const;
  return (await view.find(AuditEvent, { tenantId, action }, { order, limit: 1 }))[0];
}

/** Requires that a checkpoint of so many events covers the event of the last erasure. @throws CHECKPOINT_PENDING */
export async function requireErasureCovered(
  view: View,
  tenantId: string,
  { erasedBefore }: Erased,
  size: number,
): Promise<void> {
  const last = erasedBefore === 0 ? undefined : await lastErasure(view, tenantId);
  if (last !== undefined && last.sequence >= size) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
}

/**
 * Reads what lies behind the border of a history, and again where more was erased meanwhile: each statement sees what was
 * committed before it, and half of an answer from before an erasure would be wrong without a word.
 */
export async function readAtBorder<T>(view: View, tenantId: string, work: (erased: Erased) => Promise<T>): Promise<T> {
  for (;;) {
    const erased = await erasedOf(view, tenantId);
    const [outcome] = await Promise.allSettled([work(erased)]);
    if ((await erasedOf(view, tenantId)).erasedBefore !== erased.erasedBefore) continue;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }
}

/**
 * A step of a change of the settings that erases earlier: it is announced, and begins after that.
 * @returns when it begins
 */
export async function planErasure(tx: Tx, tenantId: string, retentionDays: number): Promise<EpochMilliseconds> {
  const beginsAt = tx.now + ERASURE_ANNOUNCED_FOR;
  const set = { beginsAt, eraseDueAt: beginsAt };
  if ((await tx.update(HistoryBorder, { tenantId }, set)) === 0) {
    await tx.insert(HistoryBorder, { id: uuidv7(tx.now), tenantId, ...UNERASED, stateHash: null, ...set });
  }
  tx.record(historyEvents.erasure_planned(tenantId, { tenantId, details: { retentionDays, beginsAt } }));
  return beginsAt;
}

/** A step of a change of the settings by which everything is kept: nothing is announced any more. */
export async function cancelErasure(tx: Tx, tenantId: string): Promise<void> {
  await tx.update(HistoryBorder, { tenantId }, { beginsAt: null, eraseDueAt: null });
}

/** How many events of a history every witness has seen. */
export const cosignedSize = async (view: View, tenantId: string): Promise<number> =>
  (await view.findOne(HistoryHead, { id: tenantId }))?.cosignedSize ?? 0;

/** The histories of which something may be due to be erased; what is announced is in the calendar. */
export const dueErasures = (
  database: Database,
  scope: PlatformScope,
  handle: (border: HistoryBorder) => Promise<void>,
): DueItems<HistoryBorder> =>
  new DueItems<HistoryBorder>(database, {
    kind: 'history',
    scope,
    entity: HistoryBorder,
    lists: [{ where: (now) => ({ eraseDueAt: LessThanOrEqual(now) }), dueColumn: 'eraseDueAt' }],
    shown: [
      {
        where: (now) => ({ beginsAt: LessThanOrEqual(now) }),
        dueColumn: 'beginsAt',
        happens: 'loses its oldest events',
      },
    ],
    // It has no contacts of its own: the owners are told.
    contactsOf: () => [],
    handle,
  });

/** What may be erased of a history. */
export interface ErasureBounds {
  readonly retentionDays: number;
  /** Nothing from this number on. */
  readonly before: number;
}

/** What others know of an erasure. */
interface ErasureSteps {
  /** Read when the row is locked; `undefined` where everything is kept. */
  readonly boundsOf: () => Promise<ErasureBounds | undefined>;
  /** The last checkpoint that was signed; `undefined` before the first. @throws HISTORY_INCONSISTENT */
  readonly signed: () => Promise<Checkpoint | undefined>;
  /** Writes down what follows from these events, in their order. @returns its hash */
  readonly carry: (events: readonly AuditEvent[], before: string | null) => Promise<string>;
}

/**
 * Erases the bodies of at most some bundles of entries (C2SP tlog-tiles), whole ones only, in the transaction of the event that
 * says so. What somebody has changed is not erased: it would be gone what shows it.
 * @returns whether there may be more to erase now
 * @throws HISTORY_INCONSISTENT
 */
export async function eraseBodies(
  tx: Tx,
  tenantId: string,
  { boundsOf, signed, carry }: ErasureSteps,
): Promise<boolean> {
  tx.housekeeping('when it is looked at next whether a history has something to erase');
  const border = await tx.lockIfPresent(HistoryBorder, { tenantId });
  if (!border || border.eraseDueAt === null || border.eraseDueAt > tx.confirmed) return false;
  const later = async (eraseDueAt: number | null): Promise<boolean> => {
    await tx.update(HistoryBorder, { id: border.id }, { beginsAt: null, eraseDueAt });
    return false;
  };
  const bounds = await boundsOf();
  if (!bounds) return later(null);
  const from = border.erasedBefore;
  const erasedUntil = tx.confirmed - bounds.retentionDays * DAY;
  const events = await erasableEvents(tx, tenantId, await signed(), { from, before: bounds.before, erasedUntil });
  if (events.length === 0) return later(tx.now + LOOKED_AT_EVERY);
  const stateHash = await carry(events, border.stateHash);
  const erasedBefore = from + events.length;
  const latest = Math.max(border.erasedUntil ?? 0, ...events.map(({ occurredAt }) => occurredAt));
  await tx.delete(AuditEvent, { tenantId, sequence: Between(from, erasedBefore - 1) });
  const set = { erasedBefore, erasedUntil: latest, stateHash, beginsAt: null };
  await tx.update(HistoryBorder, { id: border.id }, set);
  const { retentionDays } = bounds;
  const details = { from, before: erasedBefore, until: latest, retentionDays, stateSha256: stateHash };
  tx.record(historyEvents.bodies_erased(tenantId, { tenantId, details }));
  return true;
}

/**
 * The events of the next bundles that are old enough, by the times that were signed, where they are those of the checkpoint.
 * @throws HISTORY_INCONSISTENT
 */
async function erasableEvents(
  tx: Tx,
  tenantId: string,
  signed: Checkpoint | undefined,
  { from, before, erasedUntil }: { readonly from: number; readonly before: number; readonly erasedUntil: number },
): Promise<AuditEvent[]> {
  const size = signed?.size ?? 0;
  const end = Math.floor(Math.min(size, before) / TILE_WIDTH) * TILE_WIDTH;
  const erased: AuditEvent[] = [];
  for (let first = from; first < Math.min(end, from + BUNDLES_AT_ONCE * TILE_WIDTH); first += TILE_WIDTH) {
    const where = { tenantId, sequence: Between(first, first + TILE_WIDTH - 1) };
    const events = await tx.find(AuditEvent, where, { order: { sequence: 'ASC' } });
    if (events.length !== TILE_WIDTH || !events.every(hasSignedTime)) throw historyErrors.HISTORY_INCONSISTENT();
    if (events.some(({ occurredAt }) => occurredAt > erasedUntil)) break;
    erased.push(...events);
  }
  if (erased.length > 0) await requireSigned(tx, tenantId, signed!, from, erased);
  return erased;
}

/** Whether the column says the time that the entry says: by that of the column alone, anybody who can change it could have events erased. */
function hasSignedTime({ canonical, occurredAt }: AuditEvent): boolean {
  try {
    return fromRfc3339((JSON.parse(canonical) as EventDocument).occurredAt) === occurredAt;
  } catch {
    return false;
  }
}

/** Computes the root of a checkpoint from events, and from the tiles of what lies before and after them. @throws HISTORY_INCONSISTENT */
async function requireSigned(
  view: View,
  tenantId: string,
  { size, root }: Checkpoint,
  from: number,
  events: readonly AuditEvent[],
): Promise<void> {
  const read = hashesOf(view, tenantId);
  const tree = new GrowingTree();
  const append = async (range: { readonly begin: number; readonly end: number }): Promise<void> => {
    const subtrees = subtreesOf(range);
    const hashes = await read(subtrees);
    for (const [place, { level }] of subtrees.entries()) tree.appendSubtree(hashes[place]!, level);
  };
  await append({ begin: 0, end: from });
  for (const { canonical } of events) tree.append(leafHash(Buffer.from(canonical)));
  await append({ begin: from + events.length, end: size });
  if (Buffer.compare(tree.root(), root) !== 0) throw historyErrors.HISTORY_INCONSISTENT();
}
