/** What a field of date and time says (`2026-11-27T08:30`, to the minute, second or millisecond), as an instant in UTC. */
export function instantOfField(field: string): string {
  const [wholeSeconds = '', fraction = ''] = field.split('.');
  const seconds = wholeSeconds.length === 'yyyy-mm-ddThh:mm'.length ? `${wholeSeconds}:00` : wholeSeconds;
  return `${seconds}.${fraction.padEnd(3, '0')}Z`;
}

/** An instant (RFC 3339, UTC) to the millisecond, as the field shows it. */
export const fieldOfInstant = (instant: string): string => instant.slice(0, 23);
