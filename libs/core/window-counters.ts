import type { Clock, EpochMilliseconds } from './clock.js';
import { SECOND } from './duration.js';

/** More callers than this within one window push the oldest out: memory stays bounded under a flood of addresses. */
const MAX_WINDOWS = 50_000;

/** What a window holds after a hit; the names are those of `ThrottlerStorage` of @nestjs/throttler. */
export interface WindowState {
  readonly totalHits: number;
  /** Whole seconds until the window ends. */
  readonly timeToExpire: number;
  /** Whether the hit was beyond the quota. */
  readonly isBlocked: boolean;
  readonly timeToBlockExpire: number;
}

/** Counts what happens within fixed windows, each key by itself. */
export abstract class Counters {
  /** Whether other processes count in the same windows now; `undefined` where they are not meant to. */
  abstract readonly shared: boolean | undefined;
  /** Counts one hit in the window of the key, which begins with its first hit. */
  abstract increment(key: string, windowMilliseconds: number, quota: number): Promise<WindowState>;
  abstract close(): Promise<void>;
}

/** Fixed windows in the memory of this process. */
export class WindowCounters extends Counters {
  override readonly shared = undefined;
  private readonly windows = new Map<string, { hits: number; endsAt: EpochMilliseconds }>();

  constructor(private readonly clock: Clock) {
    super();
  }

  override async close(): Promise<void> {}

  override async increment(key: string, windowMilliseconds: number, quota: number): Promise<WindowState> {
    const now = this.clock.now();
    let window = this.windows.get(key);
    // One that ends later than a window that begins now was begun while the clock was ahead.
    if (window === undefined || window.endsAt <= now || window.endsAt > now + windowMilliseconds) {
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

/** The state of a window with so many hits that ends after so many milliseconds. */
export function windowState(hits: number, remainingMilliseconds: number, quota: number): WindowState {
  const timeToExpire = Math.max(1, Math.ceil(remainingMilliseconds / SECOND));
  const isBlocked = hits > quota;
  return { totalHits: hits, timeToExpire, isBlocked, timeToBlockExpire: isBlocked ? timeToExpire : 0 };
}
