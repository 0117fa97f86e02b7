/** What falls due in one month. */
export interface Month<Item> {
  /** `2026-11`. */
  readonly month: string;
  readonly days: readonly { readonly day: string; readonly items: readonly Item[] }[];
}

/** Items by month and day (UTC), in the order in which they come. */
export function byMonth<Item extends { readonly dueAt: string }>(items: readonly Item[]): Month<Item>[] {
  const months = Object.entries(Object.groupBy(items, ({ dueAt }) => dueAt.slice(0, 7)));
  return months.map(([month, ofMonth = []]) => ({
    month,
    days: Object.entries(Object.groupBy(ofMonth, ({ dueAt }) => dueAt.slice(0, 10))).map(([day, ofDay = []]) => ({
      day,
      items: ofDay,
    })),
  }));
}

/** How far the calendar looks ahead. */
export const HORIZONS = [30, 90, 365] as const;

/** Whole days from an instant on, RFC 3339 to the second. @param now milliseconds since 1970 */
export function daysAhead(now: number, days: number): string {
  const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });
  return `${format.format(now + days * 86_400_000).replace(' ', 'T')}.000Z`;
}
