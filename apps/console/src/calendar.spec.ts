import { describe, expect, it } from 'vitest';

import { byMonth, daysAhead } from './calendar.js';

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
