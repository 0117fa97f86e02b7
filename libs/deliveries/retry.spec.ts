import { describe, expect, it } from 'vitest';

import { DAY, HOUR, SECOND } from '#core';

import { TRIED_FOR, isDue, retryDelay } from './retry.js';

describe('the delay after a failed attempt', () => {
  it('the delay after a failed attempt doubles with each failure, up to twelve hours', () => {
    const delays = [1, 2, 3, 4, 13, 14, 40, 5_000].map((failures) => retryDelay(failures, 0.5));
    expect(delays).toEqual([
      ...[10, 20, 40, 80, 40_960].map((seconds) => seconds * SECOND),
      ...[12, 12, 12].map((hours) => hours * HOUR),
    ]);
  });

  it('the delay after a failed attempt is spread by a fifth in both directions', () => {
    expect([retryDelay(1, 0), retryDelay(1, 1)]).toEqual([8 * SECOND, 12 * SECOND]);
  });

  it('the delays after failed attempts leave more than a dozen attempts before the last', () => {
    let [elapsed, attempts] = [0, 1];
    for (; elapsed < TRIED_FOR; attempts += 1) elapsed += retryDelay(attempts, 0.5);
    expect(attempts).toBeGreaterThan(12);
    expect(attempts).toBeLessThan(25);
  });
});

describe('a retry', () => {
  it('a retry is due from its instant on, and where it was planned while the clock was ahead', () => {
    const now = 1_000 * DAY;
    const longest = retryDelay(100, 1);
    const instants = [now - 1, now, now + 1, now + longest, now + longest + HOUR, now + 400 * DAY];
    expect(instants.map((dueAt) => isDue(dueAt, now))).toEqual([true, true, false, false, true, true]);
    expect(isDue(null, now)).toBe(false);
  });
});
