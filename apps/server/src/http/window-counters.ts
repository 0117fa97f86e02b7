import type { ThrottlerStorage } from '@nestjs/throttler';
import { type Clock, type EpochMilliseconds, SECOND } from '#core';

/** More callers than this within one window push the oldest out: memory stays bounded under a flood of addresses. */
const MAX_WINDOWS = 50_000;

/** Fixed windows in the memory of this process. */
export class WindowCounters implements ThrottlerStorage {
  private readonly windows = new Map<string, { hits: number; endsAt: EpochMilliseconds }>();

  constructor(private readonly clock: Clock) {}

  async increment(key: string, windowMilliseconds: number, quota: number) {
    const now = this.clock.now();
    let window = this.windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      // Deleted first, so that the map stays ordered by the end of its windows.
      this.windows.delete(key);
      if (this.windows.size >= MAX_WINDOWS) this.windows.delete(this.windows.keys().next().value!);
      window = { hits: 0, endsAt: now + windowMilliseconds };
      this.windows.set(key, window);
    }
    window.hits += 1;
    return windowState(window.hits, window.endsAt - now, quota);
  }
}

/** What `ThrottlerStorage` answers about a window with so many hits that ends after so many milliseconds. */
export function windowState(hits: number, remainingMilliseconds: number, quota: number) {
  const timeToExpire = Math.max(1, Math.ceil(remainingMilliseconds / SECOND));
  const isBlocked = hits > quota;
  return { totalHits: hits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
}
