import { vi } from 'vitest';

const measured = performance.now.bind(performance);
let passed = 0;

/**
 * Lets time pass in this process without waiting for it: for the clock that intervals are measured by, and for the timers that were
 * started since `holdTimers()`.
 */
export function passTime(milliseconds: number): void {
  passed += milliseconds;
  performance.now = () => measured() + passed;
  if (vi.isFakeTimers()) vi.advanceTimersByTime(milliseconds);
}

/** From now on, timers run out by `passTime` as well as by themselves; `vi.useRealTimers()` ends it. */
export const holdTimers = (): unknown =>
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
