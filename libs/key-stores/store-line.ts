import { type DomainError, FairLine } from '#core';

import { keyStoreErrors } from './errors.js';

interface Ticket {
  start(): void;
  refuse(error: Error): void;
}

/** A store did not answer, or accepted no log-in: whatever it is asked next will have the same answer for a while. */
export class StoreOutage extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'The store does not answer', { cause });
  }
}

/** How many requests may wait for a store in all, and of one tenant. */
const WAITING_MAX = 500;
const WAITING_PER_TENANT_MAX = 100;
const WAITING_MILLISECONDS = 3_000;
/** A store that did not answer is not asked again for so long: no request waits for a time limit meanwhile. */
const PAUSE_MILLISECONDS = 2_000;
const RETRY_AFTER_SECONDS = 2;

/**
 * Who waits for a store: bounded, fair among tenants, and only for a while. A store that is slow or does not answer costs what is
 * signed with its keys, and nothing else.
 */
export class StoreLine {
  readonly #line = new FairLine<Ticket>();
  #running = 0;
  #paused: StoreOutage | undefined;

  /** @param concurrency how many calls the store works on at the same time */
  constructor(private readonly concurrency: number) {}

  /** How many requests wait. */
  get waiting(): number {
    return this.#line.length;
  }

  /** @throws KEY_STORE_UNAVAILABLE right after the store did not answer */
  requireOpen(): void {
    if (this.#paused) throw unavailable(this.#paused);
  }

  /**
   * Runs a call when it is its turn.
   * @param group the tenant
   * @throws KEY_STORE_BUSY where too many wait or it has waited for too long, KEY_STORE_UNAVAILABLE right after the store did
   *   not answer this or another call; whatever `call` throws
   */
  async run<T>(group: string, call: () => Promise<T>): Promise<T> {
    this.requireOpen();
    if (this.#line.length >= WAITING_MAX || this.#line.lengthOf(group) >= WAITING_PER_TENANT_MAX) throw busy();
    await this.#turn(group);
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreOutage)) throw error;
      this.#pause(error);
      throw unavailable(error);
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  #turn(group: string): Promise<void> {
    return new Promise((resolve, reject) => {
      // A ticket stays in the line after its time: it gives its turn away.
      let isOver = false;
      const refuse = (error: Error): void => {
        isOver = true;
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => refuse(busy()), WAITING_MILLISECONDS);
      const start = (): void => {
        if (isOver) {
          this.#running -= 1;
          return;
        }
        clearTimeout(timer);
        resolve();
      };
      this.#line.push(group, 1, { start, refuse });
      this.#startNext();
    });
  }

  #startNext(): void {
    while (this.#running < this.concurrency && this.#line.length > 0) {
      this.#running += 1;
      this.#line.shift()!.start();
    }
  }

  #pause(error: StoreOutage): void {
    this.#paused = error;
    setTimeout(() => (this.#paused = undefined), PAUSE_MILLISECONDS).unref();
    for (const ticket of this.#line.drain()) ticket.refuse(unavailable(error));
  }
}

const busy = (): DomainError => keyStoreErrors.KEY_STORE_BUSY({ retryAfterSeconds: RETRY_AFTER_SECONDS });

/** @param cause what the store answered; for the log only */
export const unavailable = (cause: unknown): DomainError =>
  keyStoreErrors.KEY_STORE_UNAVAILABLE({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
