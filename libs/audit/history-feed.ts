import type { EpochMilliseconds, Page, PageRequest, RecordedEvent } from '#core';
import { Between, In, LessThanOrEqual, MoreThan, type View, type Where } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import type { EventDocument } from './event.js';
import { type EventReader, type HistoryEntry, type OpenedEvent, withPart } from './event-reader.service.js';
import { HistorySize } from './log.entities.js';

// Steps that read events in order. Numbers follow the order of commits without gaps, so that a reader who remembers the next
// number misses nothing.

/** The number and action of an event, without its content. */
export interface HistoryLine {
  readonly sequence: number;
  readonly id: string;
  readonly action: string;
}

/** Number of events in the history of a tenant. */
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
  reader: EventReader,
  tenantId: string,
  sequences: readonly number[],
): Promise<ReadonlyMap<number, HistoryEntry>> {
  if (sequences.length === 0) return new Map();
  const rows = await view.find(AuditEvent, { tenantId, sequence: In([...sequences]) });
  const entries = await reader.entries(view, rows);
  return new Map(entries.map((entry) => [entry.sequence, entry]));
}

/** When events of some actions were recorded after an instant: at most `limit` of them, newest first. */
export async function recordedTimes(
  view: View,
  { tenantId, actions, after }: Pick<Until, 'tenantId' | 'actions'> & { readonly after: EpochMilliseconds },
  limit: number,
): Promise<EpochMilliseconds[]> {
  const rows = await view.find(
    AuditEvent,
    { tenantId, action: In([...actions]), occurredAt: MoreThan(after) },
    { order: { occurredAt: 'DESC' }, limit, columns: ['id', 'occurredAt'] },
  );
  return rows.map(({ occurredAt }) => occurredAt);
}

/** Events of some actions, until an instant inclusive. */
interface Until {
  readonly tenantId: string;
  readonly actions: readonly string[];
  readonly until: EpochMilliseconds;
}

const EVENTS_PER_PAGE = 200;
/** Page size; one resource seldom has more events. */
const EVENTS_UNORDERED = 500;

/** One page of the events of some actions, oldest first. */
export async function recordedEvents(
  view: View,
  reader: EventReader,
  { tenantId, actions, until }: Until,
  page: PageRequest,
): Promise<Page<RecordedEvent>> {
  const where = actions.map((action) => ({ tenantId, action, occurredAt: LessThanOrEqual(until) }));
  const order = [['occurredAt', 'ASC'] as const, ['id', 'ASC'] as const];
  const { items, nextCursor } = await view.pageOfAny(AuditEvent, where, order, page);
  return { items: (await reader.opened(view, items, isOfContent)).map(toRecorded), nextCursor };
}

/** All events of some actions about one target, or about one `kid`, in the order of their numbers. */
export async function recordedEventsAbout(
  view: View,
  reader: EventReader,
  { tenantId, actions, until }: Until,
  about: { readonly targetId: string } | { readonly kid: string },
): Promise<RecordedEvent[]> {
  const where = { tenantId, ...about, occurredAt: LessThanOrEqual(until) };
  // Without an order, the database uses the index of target and action, once for each action.
  const found = await view.find(AuditEvent, { ...where, action: In([...actions]) }, { limit: EVENTS_UNORDERED });
  const rows =
    found.length < EVENTS_UNORDERED
      ? found
      : await inPages(
          view,
          actions.map((action) => ({ ...where, action })),
        );
  const inOrder = rows.sort((one, other) => one.sequence - other.sequence);
  return (await reader.opened(view, inOrder, isOfContent)).map(toRecorded);
}

async function inPages(view: View, where: readonly Where<AuditEvent>[]): Promise<AuditEvent[]> {
  const rows: AuditEvent[] = [];
  let cursor: string | undefined;
  do {
    const order = [['occurredAt', 'ASC'] as const, ['id', 'ASC'] as const];
    const page = await view.pageOfAny(AuditEvent, where, order, { limit: EVENTS_PER_PAGE, cursor });
    rows.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

/** The content of an event about its target, without the actor. */
const isOfContent = (field: string): boolean => /^\/(before|after|details)\//.test(field);

/** An event as far as it says what became of its target, and the month under whose key it says something of people. */
export interface ToldEvent {
  readonly event: RecordedEvent;
  readonly month: string | undefined;
}

/** The contents of events of one history, in order. */
export async function toldEvents(view: View, reader: EventReader, rows: readonly AuditEvent[]): Promise<ToldEvent[]> {
  const opened = await reader.opened(view, rows, isOfContent);
  return opened.map((one) => {
    const personal = one.document?.personal;
    return { event: toRecorded(one), month: personal?.fields.some(isOfContent) ? personal.month : undefined };
  });
}

function toRecorded({ row: { occurredAt }, document, part }: OpenedEvent<AuditEvent>): RecordedEvent {
  const { id, action, target, kid, after, details } = withPart(document!, part);
  const valuesOf = (value: EventDocument['after']): RecordedEvent['after'] =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RecordedEvent['after']) : {};
  return {
    id,
    action,
    at: occurredAt,
    targetId: target.id,
    kid,
    after: valuesOf(after),
    details: valuesOf(details),
    missing: [
      ...(valuesOf(details)['omittedSha256'] === undefined ? [] : (['too_large'] as const)),
      ...(typeof part === 'string' ? [part] : []),
    ],
  };
}
