import { describe, expect, it } from 'vitest';

import { DAY, type Upcoming } from '#core';

import { announcementKey, leadReached, nextLeadAt } from './lead-days.js';

const DAYS = [30, 14, 7, 1];
const DUE = 100 * DAY;

describe('the lead of an announcement', () => {
  it.each([
    [31, undefined, 30],
    [30, 30, 14],
    [14.5, 30, 14],
    [14, 14, 7],
    [3, 7, 1],
    [1, 1, null],
    [0.5, 1, null],
    [0, undefined, null],
    [-1, undefined, null],
  ])('the lead of an announcement %d days ahead is %s, and the next one is %s', (ahead, reached, next) => {
    const now = DUE - ahead * DAY;
    expect(leadReached(DUE, now, DAYS)).toBe(reached);
    expect(nextLeadAt(DUE, now, DAYS)).toBe(next === null ? null : DUE - next * DAY);
  });

  it('the lead of an announcement does not depend on the order of the setting, which may be empty', () => {
    expect(leadReached(DUE, DUE - 3 * DAY, [1, 7, 30])).toBe(7);
    expect(leadReached(DUE, DUE - 3 * DAY, [])).toBeUndefined();
    expect(nextLeadAt(DUE, DUE - 3 * DAY, [])).toBeNull();
  });

  it('the key of an announcement tells apart what is told apart', () => {
    const item: Upcoming = { tenantId: 't', kind: 'credential', id: 'c', dueAt: DUE, happens: 'expires' };
    const others: Upcoming[] = [
      { ...item, tenantId: 'u' },
      { ...item, id: 'd' },
      { ...item, dueAt: DUE + 1 },
      { ...item, happens: 'is discarded' },
    ];
    const keys = [item, ...others].map((each) => announcementKey(each, 7));
    expect(new Set([...keys, announcementKey(item, 1)]).size).toBe(6);
    expect(announcementKey({ ...item }, 7)).toBe(keys[0]);
  });
});
