const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_556_952],
  ['month', 2_629_746],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How far an instant is away, in the largest unit of which there is at least one: `in 3 days`, `2 hours ago`. */
export function relativeTime(instant: number, now: number): string {
  const seconds = (instant - now) / 1_000;
  const found = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  if (found === undefined) return seconds > 0 ? 'in a moment' : 'just now';
  const [unit, length] = found;
  return words.format(Math.trunc(seconds / length), unit);
}
