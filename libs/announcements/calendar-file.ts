import { createHash } from 'node:crypto';

import ical, { ICalEventTransparency } from 'ical-generator';

import { DAY, type EpochMilliseconds, HOUR, SECOND, type Upcoming, toDate } from '#core';
import { inLine } from '#mail';

/** Media type of iCalendar (RFC 5545 §8.1). */
export const CALENDAR_TYPE = 'text/calendar';

/** What the file says beside the things themselves. */
interface CalendarPlace {
  readonly slug: string;
  /** Where others reach the installation, without a slash at its end. */
  readonly publicUrl: string;
  readonly now: EpochMilliseconds;
}

const NAME_MAX = 200;

/** The same for as long as the thing exists, also where its date changes, so that a program replaces its entry. */
const uidOf = ({ tenantId, kind, id, happens }: Upcoming, host: string): string =>
  `${createHash('sha256')
    .update(JSON.stringify([tenantId, kind, id, happens]))
    .digest('hex')}@${host}`;

/**
 * What will happen as iCalendar (RFC 5545), one event without alarms for each thing. The text is the same within a day as long as nothing
 * changes, so that its hash is a validator.
 * @returns lines of at most 75 octets, with CRLF
 */
export function calendarFile(items: readonly Upcoming[], { slug, publicUrl, now }: CalendarPlace): string {
  const host = URL.parse(publicUrl)?.hostname ?? 'chancery';
  const url = `${publicUrl}/console/t/${slug}/calendar`;
  const calendar = ical({
    name: `Chancery ${slug}`,
    prodId: { company: 'Chancery', product: 'Expirations', language: 'EN' },
    ttl: HOUR / SECOND,
  });
  for (const item of items) {
    const name = [...inLine(item.name ?? item.kid ?? item.id)].slice(0, NAME_MAX).join('');
    calendar.createEvent({
      id: uidOf(item, host),
      // When it was read, in whole days.
      stamp: toDate(now - (now % DAY)),
      start: toDate(item.dueAt),
      summary: `${item.kind} ${name} ${item.happens}`,
      description: [`${item.kind} ${item.id}`, ...(item.kid === undefined ? [] : [`kid ${item.kid}`])].join('\n'),
      url,
      transparency: ICalEventTransparency.TRANSPARENT,
      categories: [{ name: item.kind }],
    });
  }
  return `${calendar.toString()}\r\n`;
}
