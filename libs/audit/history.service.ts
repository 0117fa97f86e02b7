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
  defineEvents,
  selfDeciding,
} from '#core';
import { Between, Database, type KeysetOrder, LessThan, MoreThanOrEqual, type View, type Where } from '#database';

import { AuditEvent } from './audit-event.entity.js';
import type { EventDocument } from './event.js';
import { sequenceAt } from './sequence-at.js';

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

/** An event as the API shows it: what was hashed, and what proves that. */
export interface HistoryEntry extends EventDocument {
  /** Place in the history, from 0, without gaps: the index of its leaf in the Merkle tree. */
  readonly sequence: number;
  readonly leafHash: string;
}

/** How many events each hour of a day has. */
export interface DayDensity {
  /** The start of the day in UTC. */
  readonly day: EpochMilliseconds;
  /** 24 counts. */
  readonly hours: readonly number[];
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

const TARGET_ID_MAX = 64;
const HOURS_OF_DAY = DAY / HOUR;
/** Decimal digits of a number that is exact in JSON (RFC 8259 §6). */
const SEQUENCE = /^\d{1,15}$/;

/** Reads the history of one tenant, or of the installation, and writes down what was refused. */
@Injectable()
export class History {
  constructor(private readonly database: Database) {}

  /** One page, newest first unless `order` is `asc`. */
  async list(
    scope: TenantScope | PlatformScope,
    filter: HistoryFilter,
    page: PageRequest,
  ): Promise<Page<HistoryEntry>> {
    const direction = filter.order === 'asc' ? 'ASC' : 'DESC';
    const order: KeysetOrder<AuditEvent> = [
      ['occurredAt', direction],
      ['id', direction],
    ];
    const { items, nextCursor } = await this.read(scope, (view) =>
      view.pageOfAny(AuditEvent, conditions(scope, filter), order, page),
    );
    return { items: items.map(toEntry), nextCursor };
  }

  /** One event, by its place in the history or by its id. @throws NOT_FOUND */
  async get(scope: TenantScope | PlatformScope, sequenceOrId: string): Promise<HistoryEntry> {
    const where = SEQUENCE.test(sequenceOrId) ? { sequence: Number(sequenceOrId) } : { id: sequenceOrId };
    return toEntry(await this.read(scope, (view) => view.get(AuditEvent, { ...where, tenantId: scope.tenantId })));
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
      const starts: number[] = [];
      for (let hour = 0; hour <= HOURS_OF_DAY; hour += 1) {
        starts.push((await sequenceAt(view, tenantId, day + hour * HOUR)) ?? end);
      }
      return { day, hours: starts.slice(1).map((next, hour) => Math.max(0, next - starts[hour]!)) };
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

/** One condition for each action, which has an index of its own. */
function conditions(scope: TenantScope | PlatformScope, filter: HistoryFilter): Where<AuditEvent>[] {
  const { from, to, actor, actorEmail, action, order: _order, ...equal } = filter;
  if (from !== undefined && to !== undefined && from >= to) {
    throw coreErrors.VALIDATION_ERROR({
      errors: [{ pointer: '/to', code: 'INVALID_RANGE', detail: '`to` must be later than `from`' }],
    });
  }
  const common = {
    // Platform work reaches every tenant's rows; the installation's history is its own.
    tenantId: scope.tenantId,
    ...Object.fromEntries(Object.entries(equal).filter(([, value]) => value !== undefined)),
    ...(actor === undefined ? {} : { actorId: actor }),
    ...(actorEmail === undefined ? {} : { actorName: actorEmail, actorType: 'user' }),
    ...(from === undefined && to === undefined ? {} : { occurredAt: period(from, to) }),
  };
  if (action === undefined) return [common];
  const actions = typeof action === 'string' ? [action] : [...new Set(action)];
  return actions.map((one) => ({ ...common, action: one }));
}

function period(from: number | undefined, to: number | undefined) {
  if (from === undefined) return LessThan(to!);
  return to === undefined ? MoreThanOrEqual(from) : Between(from, to - 1);
}

export function toEntry(row: AuditEvent): HistoryEntry {
  return {
    ...(JSON.parse(row.canonical) as EventDocument),
    sequence: row.sequence,
    leafHash: row.leafHash,
  };
}
