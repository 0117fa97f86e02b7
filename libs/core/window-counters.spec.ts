import { describe, expect, it } from 'vitest';
import { ManualClock, MINUTE } from './index.js';
import { WindowCounters } from './window-counters.js';

describe('WindowCounters', () => {
  it('WindowCounters counts in fixed windows, each key for itself', async () => {
    const clock = new ManualClock();
    const counters = new WindowCounters(clock);
    expect(await counters.increment('a', MINUTE, 1)).toMatchObject({
      totalHits: 1,
      timeToExpire: 60,
      isBlocked: false,
    });
    clock.advance(MINUTE - 1);
    expect(await counters.increment('a', MINUTE, 1)).toMatchObject({ totalHits: 2, timeToExpire: 1, isBlocked: true });
    expect(await counters.increment('b', MINUTE, 1)).toMatchObject({ totalHits: 1 });
    clock.advance(1);
    expect(await counters.increment('a', MINUTE, 1)).toMatchObject({ totalHits: 1, isBlocked: false });
  });

  it('WindowCounters forgets the oldest window under a flood of keys, and no other', async () => {
    const counters = new WindowCounters(new ManualClock());
    for (let key = 0; key < 50_001; key++) await counters.increment(`${key}`, MINUTE, 10);
    expect(await counters.increment('1', MINUTE, 10)).toMatchObject({ totalHits: 2 });
    expect(await counters.increment('0', MINUTE, 10)).toMatchObject({ totalHits: 1 });
  });
});
