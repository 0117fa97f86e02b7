/** A store that did not answer is not asked again for this long: no request waits for a time limit meanwhile. */
export const PAUSE_MILLISECONDS = 2_000;

/** A call of a store that has begun. */
export interface StartedCall {
  /** Place in the order in which calls began. */
  readonly number: number;
}

/**
 * What the outcomes of calls say about a store: whether it is paused, and how many calls it may be given. Calls overlap, and one that
 * began before another may end after it. Instants are milliseconds of a clock that never goes back, of any origin.
 */
export class StoreHealth {
  #calls = 0;
  /** The newest call that the store answered. */
  #newestAnswered = 0;
  #outage: { readonly cause: Error; readonly until: number } | undefined;
  /** When a call may be tried next while it is not known whether the store answers again. */
  #trialFrom = 0;

  /** @param concurrency how many calls the store works on at the same time */
  constructor(private readonly concurrency: number) {}

  /** Why the store is not asked at this moment; `undefined` where it is. */
  pausedBy(now: number): Error | undefined {
    return this.#outage && now < this.#outage.until ? this.#outage.cause : undefined;
  }

  /**
   * Whether one more call may begin. After a pause one is tried at first, and another whenever a pause has passed without an answer:
   * a store that is still away holds up one request at a time and not all.
   * @param running how many calls have begun and not ended
   */
  mayBegin(running: number, now: number): boolean {
    if (running >= this.concurrency) return false;
    return this.#outage === undefined || (now >= this.#outage.until && now >= this.#trialFrom);
  }

  begin(now: number): StartedCall {
    if (this.#outage) this.#trialFrom = now + PAUSE_MILLISECONDS;
    this.#calls += 1;
    return { number: this.#calls };
  }

  /** The store answered. An answer to a call that began before the pause may be older than it, and does not end it. */
  answered({ number }: StartedCall, now: number): void {
    this.#newestAnswered = Math.max(this.#newestAnswered, number);
    if (this.#outage && now >= this.#outage.until) this.#outage = undefined;
  }

  /**
   * The store did not answer. Each such call moves the end of the pause, but for one that began before another that was answered: it
   * says what was, and not what is.
   * @returns whether the store is paused for it
   */
  failed({ number }: StartedCall, cause: Error, now: number): boolean {
    if (number < this.#newestAnswered) return false;
    this.#outage = { cause, until: now + PAUSE_MILLISECONDS };
    this.#trialFrom = 0;
    return true;
  }
}
