const DAY_MILLISECONDS = 86_400_000;
const HOURS = 24;

/** The day (UTC) of an instant, `2026-11-27`. @param instant milliseconds since 1970 */
export function dayOf(instant: number): string {
  const days = Math.floor(instant / DAY_MILLISECONDS);
  // The short date of Sweden is that of ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: 'UTC' }).format(days * DAY_MILLISECONDS);
}

/** One hour of a day, with the period that filters take. */
interface HourOfDay {
  /** `07:00 to 08:00` */
  readonly name: string;
  /** RFC 3339, inclusive. */
  readonly from: string;
  /** RFC 3339, exclusive. */
  readonly to: string;
  readonly count: number;
}

const twoDigits = (hour: number): string => String(hour).padStart(2, '0');

/**
 * The hours of a day.
 *
 * @param day `2026-11-27`
 * @param counts of each hour
 */
export const hoursOf = (day: string, counts: readonly number[]): HourOfDay[] =>
  counts.slice(0, HOURS).map((count, hour) => ({
    name: `${twoDigits(hour)}:00 to ${twoDigits(hour + 1)}:00`,
    from: `${day}T${twoDigits(hour)}:00:00.000Z`,
    to:
      hour === HOURS - 1
        ? `${dayOf(Date.parse(day) + DAY_MILLISECONDS)}T00:00:00.000Z`
        : `${day}T${twoDigits(hour + 1)}:00:00.000Z`,
    count,
  }));
