import { Between, In, type View } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { type HistoryEntry, toEntry } from './history.service.js';
import { HistorySize } from './log.entities.js';

// Steps of what passes events on. Numbers are given in the order of commits and without gaps, so that a reader who remembers
// the next number misses nothing.

/** An event by its place, without what it says. */
export interface HistoryLine {
  readonly sequence: number;
  readonly id: string;
  readonly action: string;
}

/** How many events the history of a tenant has; 0 where it has not begun. */
export async function historySize(view: View, tenantId: string): Promise<number> {
  return (await view.findOne(HistorySize, { tenantId }))?.size ?? 0;
}

/** For the platform: the same for many histories. */
export async function historySizes(view: View, tenantIds: readonly string[]): Promise<(tenantId: string) => number> {
  const rows = tenantIds.length === 0 ? [] : await view.find(HistorySize, { tenantId: In([...tenantIds]) });
  const sizes = new Map(rows.map(({ tenantId, size }) => [tenantId, size]));
  return (tenantId) => sizes.get(tenantId) ?? 0;
}

/** The events of a history from a number on, in their order. */
export async function historyLines(view: View, tenantId: string, from: number, limit: number): Promise<HistoryLine[]> {
  return view.find(
    AuditEvent,
    { tenantId, sequence: Between(from, from + limit - 1) },
    { order: { sequence: 'ASC' }, limit, columns: ['sequence', 'id', 'action'] },
  );
}

/** Events as the API shows them, by their numbers. */
export async function historyEntries(
  view: View,
  tenantId: string,
  sequences: readonly number[],
): Promise<ReadonlyMap<number, HistoryEntry>> {
  if (sequences.length === 0) return new Map();
  const rows = await view.find(AuditEvent, { tenantId, sequence: In([...sequences]) });
  return new Map(rows.map((row) => [row.sequence, toEntry(row)]));
}
