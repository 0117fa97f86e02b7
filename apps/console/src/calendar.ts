import type { Schemas } from './queries.js';

type CalendarKind = Schemas['Expiration']['kind'];

const DAY_MILLISECONDS = 86_400_000;
const DAYS_OF_WEEK = 7;

/** What falls due in one month. */
export interface Month<Item> {
  /** `2026-11`. */
  readonly month: string;
  readonly days: readonly { readonly day: string; readonly items: readonly Item[] }[];
}

interface Due {
  readonly dueAt: string;
}

/** Items by month and day (UTC), in the order in which they come. */
export function byMonth<Item extends Due>(items: readonly Item[]): Month<Item>[] {
  const months = Object.entries(Object.groupBy(items, ({ dueAt }) => dueAt.slice(0, 7)));
  return months.map(([month, ofMonth = []]) => ({
    month,
    days: Object.entries(Object.groupBy(ofMonth, ({ dueAt }) => dueAt.slice(0, 10))).map(([day, ofDay = []]) => ({
      day,
      items: ofDay,
    })),
  }));
}

/** How far the list looks ahead. */
export const HORIZONS = [30, 90, 365] as const;

/** Whole days from an instant on, RFC 3339 to the second. @param now milliseconds since 1970 */
export function daysAhead(now: number, days: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });
  return `${format.format(now + days * DAY_MILLISECONDS).replace(' ', 'T')}.000Z`;
}

const startOf = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);

/** A month so many months later. @param month `2026-11` */
export function monthsLater(month: string, months: number): string {
  const [year, number] = month.split('-').map(Number);
  const count = year! * 12 + number! - 1 + months;
  return `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}`;
}

/** The first instant of a month, RFC 3339. */
export const monthStart = (month: string): string => daysAhead(startOf(month), 0);

/** A day of a month's grid; one of the neighbouring months has no items. */
export interface GridDay<Item> {
  /** `2026-11-27` */
  readonly day: string;
  readonly isOfMonth: boolean;
  readonly items: readonly Item[];
}

/**
 * The weeks of a month from Monday to Sunday (ISO 8601), filled up with days of its neighbours.
 *
 * @param month `2026-11`
 * @param items those of other months are left out
 */
export function weeksOf<Item extends Due>(month: string, items: readonly Item[]): GridDay<Item>[][] {
  const byDay = Object.groupBy(items, ({ dueAt }) => dueAt.slice(0, 10));
  // 1 January 1970 was a Thursday.
  const weekday = (instant: number): number => (Math.floor(instant / DAY_MILLISECONDS) + 3) % DAYS_OF_WEEK;
  const first = startOf(month) - weekday(startOf(month)) * DAY_MILLISECONDS;
  const end = startOf(monthsLater(month, 1));
  const weeks: GridDay<Item>[][] = [];
  for (let week = first; week < end; week += DAYS_OF_WEEK * DAY_MILLISECONDS) {
    weeks.push(
      Array.from({ length: DAYS_OF_WEEK }, (_, place) => {
        const day = daysAhead(week, place).slice(0, 10);
        const isOfMonth = day.startsWith(month);
        return { day, isOfMonth, items: isOfMonth ? (byDay[day] ?? []) : [] };
      }),
    );
  }
  return weeks;
}

export interface CalendarSearch {
  readonly view?: 'list';
  /** `2026-11`; the present one where it is absent. */
  readonly month?: string;
  /** The day whose items are listed. */
  readonly day?: string;
  readonly kind?: CalendarKind;
}

/** What the search part of an address says. */
export function calendarSearch(
  { view, month, day, kind }: Readonly<Record<string, unknown>>,
  kinds: readonly CalendarKind[],
): CalendarSearch {
  const ofKind = kinds.find((each) => each === kind);
  const matching = (value: unknown, pattern: RegExp): value is string =>
    typeof value === 'string' && pattern.test(value);
  return {
    ...(view === 'list' ? { view } : {}),
    ...(matching(month, /^\d{4}-(0[1-9]|1[0-2])$/) ? { month } : {}),
    ...(matching(day, /^\d{4}-\d\d-\d\d$/) ? { day } : {}),
    ...(ofKind === undefined ? {} : { kind: ofKind }),
  };
}
