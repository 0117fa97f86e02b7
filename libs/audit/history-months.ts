import {
  DAY,
  type EpochMilliseconds,
  INSTALLATION_ID,
  type Page,
  type PageRequest,
  type PlatformScope,
  toRfc3339,
} from '#core';
import { type Database, IsNull, LessThanOrEqual, type Tx, type View } from '#database';
import { DueItems } from '#scheduler';

import { historyErrors } from './errors.js';
import { historyEvents } from './events.js';
import { HistoryMonth } from './history-month.entity.js';
import { isMonth, monthsAfter } from './months.js';

// Steps that erase the personal fields of a month.

export const monthStates = ['running', 'kept', 'erased'] as const;
export type MonthState = (typeof monthStates)[number];

/** The current month is never erased: new events need its key. */
export const monthStateAt = (
  { endsAt, erasedAt }: Pick<HistoryMonth, 'endsAt' | 'erasedAt'>,
  now: EpochMilliseconds,
): MonthState => {
  if (erasedAt !== null) return 'erased';
  return now < endsAt ? 'running' : 'kept';
};

/** The first instant at which a month may be erased. */
export const erasableAt = ({ endsAt }: Pick<HistoryMonth, 'endsAt'>, minimumDays: number): EpochMilliseconds =>
  endsAt + minimumDays * DAY;

/** The months of a history, newest first. */
export const historyMonths = (view: View, tenantId: string, page: PageRequest): Promise<Page<HistoryMonth>> =>
  view.page(HistoryMonth, { tenantId }, [['month', 'DESC']], page);

/** @param month `YYYY-MM`, or the id. @throws NOT_FOUND */
export const historyMonth = (view: View, tenantId: string, month: string): Promise<HistoryMonth> =>
  view.get(HistoryMonth, placeOf(tenantId, month));

const placeOf = (tenantId: string, month: string) => (isMonth(month) ? { tenantId, month } : { tenantId, id: month });

/** The reason of an erasure. A month that was erased before a restoration needs no further check of its end or of a hold. */
type ErasureCause =
  { readonly cause: 'request' | 'retention'; readonly minimumDays: number } | { readonly cause: 'restoration' };

/**
 * Destroys the key of a month: the personal fields of its events become permanently unreadable. Does nothing for an erased month.
 * @param reference `YYYY-MM`, or the id
 * @returns the month as it is now
 * @throws NOT_FOUND, MONTH_NOT_ERASABLE, CLOCK_NOT_CONFIRMED
 */
export async function eraseMonth(
  tx: Tx,
  tenantId: string,
  reference: string,
  why: ErasureCause,
): Promise<HistoryMonth> {
  const row = await tx.lock(HistoryMonth, placeOf(tenantId, reference));
  if (row.erasedAt !== null) {
    tx.housekeeping('the month was erased before');
    return row;
  }
  if (why.cause !== 'restoration') requireErasable(tx, row, why.minimumDays);
  const set = { sealedKey: null, erasedAt: tx.now };
  await tx.update(HistoryMonth, { id: row.id }, set);
  recordErasure(tx, row, why.cause);
  return { ...row, ...set };
}

/** A step: the event that says that a month is erased. */
export function recordErasure(
  tx: Tx,
  { tenantId, month }: Pick<HistoryMonth, 'tenantId' | 'month'>,
  cause: ErasureCause['cause'],
): void {
  tx.record(
    historyEvents.month_erased(tenantId, {
      ...(tenantId === INSTALLATION_ID ? {} : { tenantId }),
      details: { month, cause },
    }),
  );
}

/** @throws MONTH_NOT_ERASABLE, CLOCK_NOT_CONFIRMED */
export function requireErasable(view: View, row: HistoryMonth, minimumDays: number): void {
  const from = erasableAt(row, minimumDays);
  if (view.now < from) {
    throw historyErrors.MONTH_NOT_ERASABLE(`It can be erased from ${toRfc3339(from)} on`);
  }
  view.requireConfirmed(from);
}

/** How long histories keep the personal fields of their events. */
interface Retention {
  readonly minimumDays: number;
  /** In months after the end of a month; 0 means never. Histories that are not in the answer are not erased. */
  readonly monthsOf: (view: View, tenantIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

/** Erases months whose retention period has ended. */
export const dueMonths = (
  database: Database,
  scope: PlatformScope,
  { minimumDays, monthsOf }: Retention,
): DueItems<HistoryMonth> => {
  const due = async (view: View, rows: readonly HistoryMonth[]): Promise<readonly HistoryMonth[]> => {
    const months = await monthsOf(view, [...new Set(rows.map(({ tenantId }) => tenantId))]);
    return rows.filter(({ tenantId, endsAt }) => {
      const kept = months.get(tenantId) ?? 0;
      return kept > 0 && monthsAfter(endsAt, kept) <= view.confirmed;
    });
  };
  return new DueItems<HistoryMonth>(database, {
    kind: 'history month',
    scope,
    entity: HistoryMonth,
    lists: [
      {
        where: (now) => ({ erasedAt: IsNull(), endsAt: LessThanOrEqual(now - minimumDays * DAY) }),
        dueColumn: 'endsAt',
      },
    ],
    select: due,
    handle: ({ id, tenantId }) =>
      database.platform(scope, async (tx) => {
        tx.housekeeping('the setting may have changed');
        const row = await tx.lock(HistoryMonth, { id });
        if ((await due(tx, [row])).length === 0) return false;
        await eraseMonth(tx, tenantId, id, { minimumDays, cause: 'retention' });
        return true;
      }),
  });
};
