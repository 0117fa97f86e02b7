import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';

import { DAY, HOUR } from '#core';

import { calendarFile } from './calendar-file.js';

const NOW = Date.UTC(2026, 0, 1, 9);
const place = { slug: 'acme', publicUrl: 'https://chancery.example.com', now: NOW };
const item = { tenantId: 't', kind: 'credential', id: 'c1', dueAt: NOW + 7 * DAY, happens: 'expires' };
const NAME = 'a "name", with; a \\ and\r\nBEGIN:VALARM\nüñï😀'.repeat(6);

/** What another implementation reads. */
const eventsOf = (text: string) =>
  new ICAL.Component(ICAL.parse(text) as unknown[])
    .getAllSubcomponents('vevent')
    .map((component) => new ICAL.Event(component));

describe('the calendar as iCalendar', () => {
  it('the calendar as iCalendar is read by another implementation', () => {
    const [event, ...more] = eventsOf(calendarFile([{ ...item, name: 'billing', kid: 'k1' }], place));
    expect(more).toEqual([]);
    expect(event!.summary).toBe('credential billing expires');
    expect(event!.startDate.toJSDate().getTime()).toBe(item.dueAt);
    expect(event!.startDate.zone.tzid).toBe('UTC');
    expect(event!.description).toBe('credential c1\nkid k1');
    expect(event!.component.getFirstPropertyValue('url')).toBe('https://chancery.example.com/console/t/acme/calendar');
    expect(event!.component.getFirstPropertyValue('transp')).toBe('TRANSPARENT');
  });

  it('the calendar as iCalendar escapes and folds whatever a name is made of, in lines of at most 75 octets', () => {
    const text = calendarFile([{ ...item, name: NAME }], place);
    const lines = text.split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.filter((line) => Buffer.byteLength(line) > 75 || /[\r\n]/.test(line))).toEqual([]);
    expect(text).not.toContain('\r\nBEGIN:VALARM');
    const [event] = eventsOf(text);
    expect(event!.summary).toMatch(/^credential a "name", with; a \\ and BEGIN:VALARM üñï😀a/);
  });

  it('the calendar as iCalendar has no alarms, the members that RFC 5545 requires, and one event for each thing', () => {
    const text = calendarFile([item, { ...item, id: 'c2' }, { ...item, happens: 'is discarded' }], place);
    for (const line of ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Chancery//Expirations//EN', 'END:VCALENDAR']) {
      expect(text.split('\r\n')).toContain(line);
    }
    expect(text).not.toContain('VALARM');
    const events = eventsOf(text);
    expect(new Set(events.map(({ uid }) => uid)).size).toBe(3);
    for (const { component } of events) expect(component.getFirstPropertyValue('dtstamp')).toBeTruthy();
  });

  it('the calendar as iCalendar keeps the UID of a thing whose date changes, and its text within a day', () => {
    const [before] = eventsOf(calendarFile([item], place));
    const [after] = eventsOf(calendarFile([{ ...item, dueAt: item.dueAt + DAY }], place));
    expect(after!.uid).toBe(before!.uid);
    expect(calendarFile([item], { ...place, now: NOW + HOUR })).toBe(calendarFile([item], place));
  });

  it('the calendar as iCalendar is well-formed without anything in it', () => {
    expect(eventsOf(calendarFile([], place))).toEqual([]);
  });
});
