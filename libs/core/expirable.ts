/**
 * A kind of thing that falls due: credentials expire, keys are rotated, sessions and records become old. The scheduler
 * asks each kind in turn. An implementation marked with `@Expires()` of `libs/scheduler` is found by itself.
 *
 * Wherever such a thing is used, the clock decides whether it still counts; this records it and does what follows from
 * it. So it may run late, twice, or on several instances: every effect is a conditional update that happens once.
 */
export interface Expirable {
  /** The noun, for logs: `credential`, `session`. */
  readonly kind: string;
  /**
   * Set where everything it does can be undone: it goes on while the clock is not confirmed. All else is paused then.
   */
  readonly runsWhilePaused?: true;
  /**
   * Handles at most `limit` of what is due now. An item that fails must not block the items behind it: `DueItems` and
   * `purge` of `libs/scheduler` see to that.
   * @returns how many were handled; the scheduler goes on until a batch comes back short
   */
  recordDue(limit: number): Promise<number>;
}
