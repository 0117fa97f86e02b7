import { DAY, DomainError, type EpochMilliseconds, type PlatformScope, toRfc3339 } from '#core';
import { uuidv7 } from '#crypto';
import { Between, type Database, LessThanOrEqual, type Tx, type View } from '#database';
import { DueItems } from '#scheduler';
import { TILE_WIDTH, hashAt, leafHash } from '#transparency-log';

import { AuditEvent } from './audit-event.entity.js';
import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { HistoryBorder } from './history-border.entity.js';
import { HistoryHead } from './log.entities.js';
import { readTiles } from './stored-tiles.js';

// Steps of what erases the bodies of old events. Hashes are never erased: checkpoints, tiles and proofs stay as they are.

/** For how long an erasure is announced that a change of the settings brings forward. */
export const ERASURE_ANNOUNCED_FOR = 30 * DAY;
/** Bundles of entries that one transaction erases: some tens of milliseconds. */
const BUNDLES_AT_ONCE = 4;
/** How often it is looked whether there is more to erase. */
const LOOKED_AT_EVERY = DAY;

/** Of a history of which nothing is erased. */
export const UNERASED = { erasedBefore: 0, erasedUntil: null } as const;
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
export async function requireRetained(view: View, tenantId: string, sequence: number): Promise<void> {
  const erased = await erasedOf(view, tenantId);
  if (sequence < erased.erasedBefore) throw historyErased(erased);
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

/**
 * Erases the bodies of at most some bundles of entries (C2SP tlog-tiles), whole ones only, in the transaction of the event that
 * says so. What somebody has changed is not erased: it would be gone what shows it.
 * @param boundsOf read when the row is locked; `undefined` where everything is kept
 * @param carry writes down what follows from these events, in their order. @returns its hash
 * @returns whether there may be more to erase now
 * @throws HISTORY_INCONSISTENT
 */
export async function eraseBodies(
  tx: Tx,
  tenantId: string,
  boundsOf: () => Promise<ErasureBounds | undefined>,
  carry: (events: readonly AuditEvent[]) => Promise<string>,
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
  const events = await erasableEvents(tx, tenantId, { from, before: bounds.before, erasedUntil });
  if (events.length === 0) return later(tx.now + LOOKED_AT_EVERY);
  const stateHash = await carry(events);
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

/** The events of the next bundles that are old enough and covered by the checkpoint, as they were signed. @throws HISTORY_INCONSISTENT */
async function erasableEvents(
  tx: Tx,
  tenantId: string,
  { from, before, erasedUntil }: { readonly from: number; readonly before: number; readonly erasedUntil: number },
): Promise<AuditEvent[]> {
  const head = await tx.findOne(HistoryHead, { id: tenantId });
  const end = Math.floor(Math.min(head?.size ?? 0, before) / TILE_WIDTH) * TILE_WIDTH;
  const erased: AuditEvent[] = [];
  for (let first = from; first < Math.min(end, from + BUNDLES_AT_ONCE * TILE_WIDTH); first += TILE_WIDTH) {
    const where = { tenantId, sequence: Between(first, first + TILE_WIDTH - 1) };
    const events = await tx.find(AuditEvent, where, { order: { sequence: 'ASC' } });
    if (events.some(({ occurredAt }) => occurredAt > erasedUntil)) break;
    const [tile] = await readTiles(tx, tenantId, [{ level: 0, index: first / TILE_WIDTH }]);
    const isSigned = ({ canonical }: AuditEvent, place: number): boolean =>
      leafHash(Buffer.from(canonical)).equals(hashAt(tile!.hashes, place));
    if (events.length !== TILE_WIDTH || !events.every(isSigned)) throw historyErrors.HISTORY_INCONSISTENT();
    erased.push(...events);
  }
  return erased;
}
