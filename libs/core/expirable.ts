/**
 * A kind of thing whose time comes: credentials expire, key versions are due for rotation, sessions and records grow old.
 * The scheduler asks each kind in turn; adding a kind is one implementation and one line in the composition.
 *
 * What is due is decided by the clock wherever it is used; this only writes it down and does what follows from it. So it
 * may run late, twice, or on several instances at once: every effect is a conditional update that happens once.
 */
export interface Expirable {
  /** The noun, for logs: `credential`, `session`. */
  readonly kind: string;
  /**
   * Handles at most `limit` of what is due now.
   * @returns how many were handled; the scheduler goes on until a batch comes back short
   */
  recordDue(limit: number): Promise<number>;
}
