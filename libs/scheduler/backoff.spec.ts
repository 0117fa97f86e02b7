import { describe, expect, it } from 'vitest';

import { Backoff } from './backoff.js';

const SETTINGS = { firstDelay: 10, longestDelay: 60, entriesMax: 3 };

describe('back-off of failing items', () => {
  it('back-off of failing items doubles the delay of an item with each failure, up to the longest', () => {
    const backoff = new Backoff(SETTINGS);
    const delays = [1, 2, 3, 4, 5].map(() => backoff.failed('a', 1_000).retryAt - 1_000);
    expect(delays).toEqual([10, 20, 40, 60, 60]);
  });

  it('back-off of failing items holds an item back until its retry, and no other item', () => {
    const backoff = new Backoff(SETTINGS);
    expect(backoff.failed('a', 100)).toEqual({ failures: 1, retryAt: 110 });
    expect([backoff.isWaiting('a', 109), backoff.isWaiting('a', 110), backoff.isWaiting('b', 109)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('back-off of failing items starts again with the first delay after a success', () => {
    const backoff = new Backoff(SETTINGS);
    backoff.failed('a', 0);
    backoff.failed('a', 0);
    backoff.succeeded('a');
    expect(backoff.isWaiting('a', 0)).toBe(false);
    expect(backoff.failed('a', 0)).toEqual({ failures: 1, retryAt: 10 });
  });

  it('back-off of failing items does not hold an item back past the longest delay when the clock is set back', () => {
    const backoff = new Backoff(SETTINGS);
    backoff.failed('a', 1_000_000);
    expect(backoff.isWaiting('a', 1_000)).toBe(false);
  });

  it('back-off of failing items remembers a bounded number of items, the latest failures', () => {
    const backoff = new Backoff(SETTINGS);
    for (const item of ['a', 'b', 'c', 'a', 'd']) backoff.failed(item, 0);
    expect(['a', 'b', 'c', 'd'].map((item) => backoff.isWaiting(item, 1))).toEqual([true, false, true, true]);
  });
});
