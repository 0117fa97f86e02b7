import { describe, expect, it } from 'vitest';

import { dayOf, hoursOf } from './density.js';

describe('the hours of a day', () => {
  it('an instant is in its day in UTC', () => {
    expect([dayOf(0), dayOf(86_399_999), dayOf(Date.parse('2028-02-29T23:59:59Z'))]).toEqual([
      '1970-01-01',
      '1970-01-01',
      '2028-02-29',
    ]);
  });

  it('hours follow each other without a gap, and the last ends with the day', () => {
    const hours = hoursOf(
      '2026-12-31',
      Array.from({ length: 24 }, (_, hour) => hour),
    );
    expect(hours[7]).toEqual({
      name: '07:00 to 08:00',
      from: '2026-12-31T07:00:00.000Z',
      to: '2026-12-31T08:00:00.000Z',
      count: 7,
    });
    expect(hours.slice(1).map(({ from }) => from)).toEqual(hours.slice(0, -1).map(({ to }) => to));
    expect(hours.at(-1)!.to).toBe('2027-01-01T00:00:00.000Z');
  });
});
