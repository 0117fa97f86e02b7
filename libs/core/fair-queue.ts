import { coreErrors } from './errors.js';
import { FairLine } from './fair-line.js';

interface FairQueueLimits {
  /** How much runs at the same time. */
  readonly concurrency: number;
  /** How many may wait in all. */
  readonly waitingMax: number;
  /** How many of one group may wait, so that one cannot take every place from the others. */
  readonly waitingPerGroupMax: number;
}

/** Runs work with a bound on how much runs and waits, fair among groups by what they have cost (see `FairLine`). */
export class FairQueue {
  readonly #line = new FairLine<() => void>();
  #running = 0;

  constructor(private readonly limits: FairQueueLimits) {}

  /** How much runs, and how much may. */
  get running(): number {
    return this.#running;
  }

  get concurrency(): number {
    return this.limits.concurrency;
  }

  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Runs `work` when it is the group's turn, in the caller's own asynchronous context.
   * @param group whose work it is: a tenant
   * @param cost how much of the resource it will use, compared with other work of this queue
   * @throws BUSY where too many wait already; whatever `work` throws
   */
  async run<T>(group: string, cost: number, work: () => Promise<T>): Promise<T> {
    await this.#turn(group, cost);
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves with a place among what runs; work that ends hands its place over. */
  #turn(group: string, cost: number): Promise<void> {
    const { concurrency, waitingMax, waitingPerGroupMax } = this.limits;
    const isFree = this.#running < concurrency;
    if (!isFree && (this.#line.length >= waitingMax || this.#line.lengthOf(group) >= waitingPerGroupMax)) {
      throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    }
    return new Promise((resolve) => {
      // What need not wait goes through the line as well, so that its group is charged for it.
      this.#line.push(group, cost, resolve);
      if (!isFree) return;
      this.#running += 1;
      this.#line.shift()!();
    });
  }
}
