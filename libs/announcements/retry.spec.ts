import { describe, expect, it } from 'vitest';

import { HOUR, SECOND } from '#core';

import { TRIED_FOR, retryDelay } from './retry.js';

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
