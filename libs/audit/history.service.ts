import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import {
  type EventOutcome,
  type Page,
  type PageRequest,
  type PlatformScope,
  type TenantScope,
  DAY,
  type EpochMilliseconds,
  HOUR,
  INSTALLATION_ID,
  coreErrors,
  decodeCursor,
  defineEvents,
  definedMembers,
  encodeCursor,
  pageLimit,
  selfDeciding,
} from '#core';
import { Between, Database, type KeysetOrder, LessThan, MoreThanOrEqual, type View, type Where } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import { EventReader, type HistoryEntry } from './event-reader.service.js';
import { erasedOf, readAtBorder, requireRetained } from './history-border.js';
import { MonthKeys } from './month-keys.service.js';
import {
  type PersonalColumns,
  type Stretch,
  columnsIn,
  endOf,
  stretchesAfter,
  stretchesOf,
} from './personal-filters.js';
import { sequencesAt } from './sequence-at.js';

export const requestEvents = defineEvents('request', {
  refused:
    'A request of an authenticated caller was rejected because of its role, the state of a resource or its input',
});

export interface HistoryFilter {
  /** Epoch milliseconds, inclusive. */
  readonly from?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  readonly to?: number | undefined;
  readonly actor?: string | undefined;
  /** E-mail of a user, normalised. */
  readonly actorEmail?: string | undefined;
  readonly sourceAddress?: string | undefined;
  /** One action, or one of several. */
  readonly action?: string | readonly string[] | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
  readonly outcome?: EventOutcome | undefined;
  readonly tokenId?: string | undefined;
  readonly kid?: string | undefined;
  readonly credentialId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** How many events each hour of a day has. */
export interface DayDensity {
  /** The start of the day in UTC. */
  readonly day: EpochMilliseconds;
  /** 24 counts. */
  readonly hours: readonly number[];
  /** The events before this number are erased, and counted no more. */
  readonly erasedBefore: number;
}

/** A page of a history, which is complete from a number on. */
export interface HistoryPage extends Page<HistoryEntry> {
  /** The events before this number are erased, and are not found; 0 where none is. */
  readonly erasedBefore: number;
}

export interface Refusal {
  readonly code: string;
  readonly method: string;
  /** The route's pattern, not the URL. */
  readonly route: string;
  /** The most specific thing that the request named. */
  readonly targetId: string;
  /** The credential that the request named, if it named one. */
  readonly credentialId?: string | undefined;
  /** The key version or certificate that the request named, if it named one. */
  readonly kid?: string | undefined;
}

/** Queries of one request whose filter is asked for month by month, each of them an index range: some milliseconds of SQLite. */
const CONDITIONS_MAX = 300;
const TARGET_ID_MAX = 64;
/** Columns whose index has the action before the time: a value of one of them is looked for with each of its actions. */
const WITH_ACTIONS = ['targetId', 'credentialId', 'kid'] as const;
/** Filters whose index has the order of the list. */
const IN_ORDER = ['actor', 'actorEmail', 'sourceAddress', 'tokenId', 'requestId'] as const;
const HOURS_OF_DAY = DAY / HOUR;
/** Later than every event: the last instant that RFC 3339 can write. */
const INSTANT_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** Decimal digits of a number that is exact in JSON (RFC 8259 §6). */
const SEQUENCE = /^(0|[1-9]\d{0,14})$/;

/** Reads the history of one tenant, or of the installation, and writes down what was refused. */
@Injectable()
export class History {
  constructor(
    private readonly database: Database,
    private readonly reader: EventReader,
    private readonly keys: MonthKeys,
  ) {}

  /**
   * One page, newest first unless `order` is `asc`. With `actorEmail` or `sourceAddress` it may end before it is full: the
   * cursor continues where it ended.
   */
  async list(scope: TenantScope | PlatformScope, filter: HistoryFilter, page: PageRequest): Promise<HistoryPage> {
    return this.read(scope, async (view) => {
      const { items, nextCursor } = await this.page(view, scope, filter, page);
      const { erasedBefore } = await erasedOf(view, scope.tenantId);
      return { items: await this.reader.entries(view, items), nextCursor, erasedBefore };
    });
  }

  /** The number of an event, which may be erased, by its number or by its id. @throws NOT_FOUND for the id of none that is kept */
  async sequenceOf(scope: TenantScope | PlatformScope, sequenceOrId: string): Promise<number> {
    if (SEQUENCE.test(sequenceOrId)) return Number(sequenceOrId);
    const where = { id: sequenceOrId, tenantId: scope.tenantId };
    return (await this.read(scope, (view) => view.get(AuditEvent, where))).sequence;
  }

  /** One event, by its place in the history or by its id. @throws NOT_FOUND, HISTORY_ERASED */
  async get(scope: TenantScope | PlatformScope, sequenceOrId: string): Promise<HistoryEntry> {
    const where = SEQUENCE.test(sequenceOrId) ? { sequence: Number(sequenceOrId) } : { id: sequenceOrId };
    return this.read(scope, async (view) => {
      const row = await readAtBorder(view, scope.tenantId, async (erased) => {
        if ('sequence' in where) requireRetained(erased, where.sequence!);
        return view.get(AuditEvent, { ...where, tenantId: scope.tenantId });
      });
      return (await this.reader.entries(view, [row]))[0]!;
    });
  }

  /**
   * How many events the hours of a day have, by the numbers of the first event of each: however many they are, 25 are
   * read. Where clocks of instances differ, an event at the end of an hour can be counted in the next.
   *
   * @param instant in the day; today if absent
   */
  async density(scope: TenantScope | PlatformScope, instant?: EpochMilliseconds): Promise<DayDensity> {
    const { tenantId } = scope;
    return this.read(scope, async (view) => {
      const day = Math.floor((instant ?? view.now) / DAY) * DAY;
      const [last] = await view.find(
        AuditEvent,
        { tenantId },
        { order: { sequence: 'DESC' }, limit: 1, columns: ['sequence'] },
      );
      const end = last === undefined ? 0 : last.sequence + 1;
      const borders = Array.from({ length: HOURS_OF_DAY + 1 }, (_, hour) => day + hour * HOUR);
      const starts = (await sequencesAt(view, tenantId, borders)).map((sequence) => sequence ?? end);
      const { erasedBefore } = await erasedOf(view, tenantId);
      return { day, erasedBefore, hours: starts.slice(1).map((next, hour) => Math.max(0, next - starts[hour]!)) };
    });
  }

  /** Writes a refusal in a transaction of its own; the refused work's transaction is gone. */
  async recordRefusal(scope: TenantScope | PlatformScope, refusal: Refusal): Promise<void> {
    const { targetId, credentialId, kid, ...details } = refusal;
    const event = requestEvents.refused(targetId.slice(0, TARGET_ID_MAX).toWellFormed(), {
      outcome: 'denied',
      credentialId,
      kid,
      details,
    });
    // A refusal is recorded, whatever its caller may do.
    const recording = selfDeciding(scope);
    if (isPlatform(recording)) await this.database.platform(recording, async (tx) => tx.record(event));
    else await this.database.transaction(recording, async (tx) => tx.record(event));
  }

  private async page(
    view: View,
    { tenantId }: TenantScope | PlatformScope,
    filter: HistoryFilter,
    request: PageRequest,
  ): Promise<Page<AuditEvent>> {
    const direction = filter.order === 'asc' ? 'ASC' : 'DESC';
    const order: KeysetOrder<AuditEvent> = [
      ['occurredAt', direction],
      ['id', direction],
    ];
    const actions = await actionsOf(view, tenantId, filter);
    const { actorEmail, sourceAddress } = filter;
    const personal: PersonalColumns = {
      ...(actorEmail === undefined ? {} : { actorName: actorEmail }),
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
    };
    const [from, to] = periodOf(filter);
    if (Object.keys(personal).length === 0) {
      return view.pageOfAny(
        AuditEvent,
        conditions(tenantId, { ...filter, action: actions }, { from, to }, [{}]),
        order,
        request,
      );
    }
    // Month by month, in the order of the list: what is found under one key is not found under another.
    const newestFirst = direction === 'DESC';
    const all = stretchesOf(await this.keys.all(view, tenantId, from, to), from, to);
    const stretches = request.cursor === undefined ? all : stretchesAfter(all, placeIn(request.cursor), newestFirst);
    if (newestFirst) stretches.reverse();
    const limit = pageLimit(request);
    const items: AuditEvent[] = [];
    let asked = 0;
    let read: Stretch | undefined;
    for (const stretch of stretches) {
      const where = conditions(tenantId, { ...filter, action: actions }, stretch, columnsIn(stretch, personal));
      asked += where.length;
      if (read && asked > CONDITIONS_MAX) return { items, nextCursor: encodeCursor(endOf(read, newestFirst)) };
      // The embedded database answers in this turn of the event loop, in which nothing else is done.
      if (read) await yieldToEventLoop();
      read = stretch;
      // Once the page is full: whether there is more.
      const rest = { ...request, limit: Math.max(limit - items.length, 1) };
      const found = await view.pageOfAny(AuditEvent, where, order, rest);
      const last = items.at(-1);
      if (items.length === limit && found.items.length > 0) {
        return { items, nextCursor: encodeCursor([last!.occurredAt, last!.id]) };
      }
      items.push(...found.items);
      if (found.nextCursor !== null) return { items, nextCursor: found.nextCursor };
    }
    return { items, nextCursor: null };
  }

  private read<T>(scope: TenantScope | PlatformScope, work: (view: View) => Promise<T>): Promise<T> {
    return readsOf(this.database, scope, work);
  }
}

/** Reads a history: a tenant's by its own scope, the installation's by that of the platform. */
export const readsOf = <T>(
  database: Database,
  scope: TenantScope | PlatformScope,
  work: (view: View) => Promise<T>,
): Promise<T> => (isPlatform(scope) ? database.readPlatform(scope, work) : database.read(scope, work));

export const isPlatform = (scope: TenantScope | PlatformScope): scope is PlatformScope =>
  scope.tenantId === INSTALLATION_ID;

/** The place of a cursor of this list. @throws VALIDATION_ERROR */
function placeIn(cursor: string): readonly [EpochMilliseconds, string] {
  const [at, id] = decodeCursor(cursor, 2);
  return [Number(at), String(id)];
}

/** The period of a filter, as far as instants can be written. */
function periodOf({ from, to }: HistoryFilter): [from: number, to: number] {
  if (from !== undefined && to !== undefined && from >= to) {
    throw coreErrors.VALIDATION_ERROR({
      errors: [{ pointer: 'to', code: 'INVALID_RANGE', detail: '`to` must be later than `from`' }],
    });
  }
  return [from ?? 0, to ?? INSTANT_MAX];
}

/**
 * The actions that are looked for, each by itself; `undefined` where an index without them has the order of the list.
 * No event can have one of them and not meet the rest of the filter by its type.
 */
async function actionsOf(view: View, tenantId: string, filter: HistoryFilter): Promise<readonly string[] | undefined> {
  const { action, targetType } = filter;
  if (action !== undefined) {
    const named = typeof action === 'string' ? [action] : [...new Set(action)];
    return targetType === undefined ? named : named.filter((one) => one.startsWith(`${targetType}.`));
  }
  // What was refused or has failed is rare: its index has the order, too.
  const isRare = filter.outcome !== undefined && filter.outcome !== 'success';
  if (isRare || IN_ORDER.some((name) => filter[name] !== undefined)) return undefined;
  let common: readonly string[] | undefined;
  for (const column of WITH_ACTIONS) {
    const value = filter[column];
    if (value === undefined) continue;
    const found = await view.differentTexts(AuditEvent, { tenantId, [column]: value }, 'action');
    common = common?.filter((one) => found.includes(one)) ?? found;
  }
  return common;
}

/** One condition for each action and each value of the personal columns, each of which has an index of its own. */
function conditions(
  tenantId: string,
  filter: HistoryFilter,
  { from, to }: { readonly from: number; readonly to: number },
  personal: readonly PersonalColumns[],
): Where<AuditEvent>[] {
  const {
    from: _from,
    to: _to,
    order: _order,
    actor,
    actorEmail,
    sourceAddress: _sourceAddress,
    action,
    ...equal
  } = filter;
  const common = {
    // Platform work reaches every tenant's rows; the installation's history is its own.
    tenantId,
    ...definedMembers(equal),
    ...(actor === undefined ? {} : { actorId: actor }),
    ...(actorEmail === undefined ? {} : { actorType: 'user' }),
    ...(from === 0 && to === INSTANT_MAX ? {} : { occurredAt: period(from, to) }),
  };
  const actions = typeof action === 'string' ? [action] : (action ?? [undefined]);
  return actions.flatMap((one) =>
    personal.map((columns) => ({ ...common, ...columns, ...(one === undefined ? {} : { action: one }) })),
  );
}

function period(from: number, to: number) {
  if (from === 0) return LessThan(to);
  return to === INSTANT_MAX ? MoreThanOrEqual(from) : Between(from, to - 1);
}
