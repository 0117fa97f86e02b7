import { type EpochMilliseconds, MINUTE, SECOND } from '#core';

interface BackoffSettings {
  /** The delay after the first failure; it doubles with each further one. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** How many failing items are remembered; beyond that the oldest is forgotten and tried again sooner. */
  readonly entriesMax: number;
}

const SETTINGS: BackoffSettings = { firstDelay: 10 * SECOND, longestDelay: 15 * MINUTE, entriesMax: 10_000 };

export interface Attempts {
  readonly failures: number;
  /** Before this instant the item is not tried again. */
  readonly retryAt: EpochMilliseconds;
}

/**
 * Remembers which items failed and when each is tried again: exponential back-off per item. It is kept in memory: a
 * restart tries each failing item once more, which is harmless, and needs no column in any table.
 */
export class Backoff {
  readonly #failing = new Map<string, Attempts>();

  constructor(private readonly settings: BackoffSettings = SETTINGS) {}

  /** Counts one more failure of the item. */
  failed(item: string, now: EpochMilliseconds): Attempts {
    const { firstDelay, longestDelay, entriesMax } = this.settings;
    const failures = (this.#failing.get(item)?.failures ?? 0) + 1;
    const attempts = { failures, retryAt: now + Math.min(firstDelay * 2 ** (failures - 1), longestDelay) };
    // Deleted first, so that the map stays in the order of the last failures.
    this.#failing.delete(item);
    if (this.#failing.size >= entriesMax) this.#failing.delete(this.#failing.keys().next().value!);
    this.#failing.set(item, attempts);
    return attempts;
  }

  succeeded(item: string): void {
    this.#failing.delete(item);
  }

  isWaiting(item: string, now: EpochMilliseconds): boolean {
    const retryAt = this.#failing.get(item)?.retryAt;
    // A retry further away than the longest delay was set by a clock that was set back since.
    return retryAt !== undefined && retryAt > now && retryAt - now <= this.settings.longestDelay;
  }
}
