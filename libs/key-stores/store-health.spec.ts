import { beforeEach, describe, expect, it } from 'vitest';

import { PAUSE_MILLISECONDS, StoreHealth } from './store-health.js';

const CONCURRENCY = 3;
const away = new Error('away');
const stillAway = new Error('still away');
let health: StoreHealth;

beforeEach(() => {
  health = new StoreHealth(CONCURRENCY);
});

describe('StoreHealth', () => {
  it('a store is given as many calls at the same time as it works on', () => {
    expect([0, 2, 3].map((running) => health.mayBegin(running, 0))).toEqual([true, true, false]);
  });

  it('a second call that is not answered moves the end of the pause that the first began', () => {
    const [first, second] = [health.begin(0), health.begin(0)];
    health.failed(first, away, 1_000);
    health.failed(second, stillAway, 2_900);
    expect(health.pausedBy(1_000 + PAUSE_MILLISECONDS)).toBe(stillAway);
    expect(health.pausedBy(2_900 + PAUSE_MILLISECONDS - 1)).toBe(stillAway);
    expect(health.pausedBy(2_900 + PAUSE_MILLISECONDS)).toBeUndefined();
  });

  it('after a pause one call is tried, and the others follow when it was answered', () => {
    health.failed(health.begin(0), away, 0);
    expect(health.mayBegin(0, PAUSE_MILLISECONDS - 1)).toBe(false);
    expect(health.mayBegin(0, PAUSE_MILLISECONDS)).toBe(true);
    const trial = health.begin(PAUSE_MILLISECONDS);
    expect(health.mayBegin(1, PAUSE_MILLISECONDS + 10)).toBe(false);
    health.answered(trial, PAUSE_MILLISECONDS + 20);
    expect(health.mayBegin(1, PAUSE_MILLISECONDS + 20)).toBe(true);
  });

  it('a trial that is not answered pauses the store again', () => {
    health.failed(health.begin(0), away, 0);
    const trial = health.begin(PAUSE_MILLISECONDS);
    health.failed(trial, stillAway, 2 * PAUSE_MILLISECONDS);
    expect(health.pausedBy(2 * PAUSE_MILLISECONDS)).toBe(stillAway);
    expect(health.mayBegin(0, 3 * PAUSE_MILLISECONDS)).toBe(true);
  });

  it('a trial that takes long, such as making a key, is followed by another after a while', () => {
    health.failed(health.begin(0), away, 0);
    health.begin(PAUSE_MILLISECONDS);
    expect(health.mayBegin(1, 2 * PAUSE_MILLISECONDS - 1)).toBe(false);
    expect(health.mayBegin(1, 2 * PAUSE_MILLISECONDS)).toBe(true);
  });

  it('an answer that arrives during a pause does not end it', () => {
    const [slow, lost] = [health.begin(0), health.begin(0)];
    health.failed(lost, away, 1_000);
    health.answered(slow, 1_500);
    expect(health.pausedBy(1_500)).toBe(away);
  });

  it('a call that began before one that was answered does not pause a store that answers again', () => {
    const [lost, hanging] = [health.begin(0), health.begin(0)];
    health.failed(lost, away, 1_000);
    const trial = health.begin(1_000 + PAUSE_MILLISECONDS);
    health.answered(trial, 1_010 + PAUSE_MILLISECONDS);
    expect(health.failed(hanging, stillAway, 4_000)).toBe(false);
    expect(health.pausedBy(4_000)).toBeUndefined();
  });
});
