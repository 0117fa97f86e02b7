import { describe, expect, it } from 'vitest';

import { byMonth, calendarSearch, daysAhead, monthStart, monthsLater, weeksOf } from './calendar.js';

describe('byMonth', () => {
  it('what falls due is under its day, and days under their month', () => {
    const items = ['2026-11-27T10:00:00.000Z', '2026-11-27T12:00:00.000Z', '2026-12-01T00:00:00.000Z'].map((dueAt) => ({
      dueAt,
    }));
    expect(
      byMonth(items).map(({ month, days }) => [month, days.map(({ day, items: of }) => [day, of.length])]),
    ).toEqual([
      ['2026-11', [['2026-11-27', 2]]],
      ['2026-12', [['2026-12-01', 1]]],
    ]);
  });
});

describe('daysAhead', () => {
  it('days ahead are an instant of RFC 3339', () => {
    expect(daysAhead(Date.UTC(2026, 10, 27, 12, 30, 5), 30)).toBe('2026-12-27T12:30:05.000Z');
  });
});

describe('the grid of a month', () => {
  it('weeks are from Monday to Sunday, and days of other months have no items', () => {
    const due = ['2026-11-30T23:59:59.000Z', '2026-12-01T00:00:00.000Z'].map((dueAt) => ({ dueAt }));
    const weeks = weeksOf('2026-11', due);
    expect(weeks.map((week) => [week[0]!.day, week.at(-1)!.day])).toEqual([
      ['2026-10-26', '2026-11-01'],
      ['2026-11-02', '2026-11-08'],
      ['2026-11-09', '2026-11-15'],
      ['2026-11-16', '2026-11-22'],
      ['2026-11-23', '2026-11-29'],
      ['2026-11-30', '2026-12-06'],
    ]);
    expect(weeks.flat().flatMap(({ items }) => items)).toEqual([due[0]]);
    expect(weeks.flat().filter(({ isOfMonth }) => isOfMonth)).toHaveLength(30);
    // A month that is four weeks exactly.
    expect(weeksOf('2027-02', [])).toHaveLength(4);
  });

  it('months are counted over the ends of years', () => {
    expect([monthsLater('2026-12', 1), monthsLater('2026-01', -1), monthsLater('2026-11', 14)]).toEqual([
      '2027-01',
      '2025-12',
      '2028-01',
    ]);
    expect(monthStart('2027-01')).toBe('2027-01-01T00:00:00.000Z');
  });

  it('an address says which month, day, view and kind are shown, and nothing else', () => {
    const search = { view: 'list', month: '2026-11', day: '2026-11-27', kind: 'API token', other: 'x' };
    expect(calendarSearch(search, ['API token'])).toEqual({
      view: 'list',
      month: '2026-11',
      day: '2026-11-27',
      kind: 'API token',
    });
    expect(calendarSearch({ view: 'week', month: '2026-13', day: 1, kind: '<b>' }, ['API token'])).toEqual({});
  });
});
