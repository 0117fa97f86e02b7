import { type DomainError, FairLine } from '#core';

import { keyStoreErrors } from './errors.js';
import { type StartedCall, StoreHealth } from './store-health.js';

interface Ticket {
  start(call: StartedCall): void;
  /** It has waited for too long: its turn is the next one's. */
  readonly isOver: boolean;
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
const RETRY_AFTER_SECONDS = 2;

/**
 * Who waits for a store: bounded, fair among tenants, and only for a while. A store that is slow or does not answer costs what is
 * signed with its keys, and nothing else.
 */
export class StoreLine {
  readonly #line = new FairLine<Ticket>();
  readonly #health: StoreHealth;
  #running = 0;

  /** @param concurrency how many calls the store works on at the same time */
  constructor(concurrency: number) {
    this.#health = new StoreHealth(concurrency);
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#line.length;
  }

  /** @throws KEY_STORE_UNAVAILABLE right after the store did not answer */
  requireOpen(): void {
    const cause = this.#health.pausedBy(performance.now());
    if (cause) throw unavailable(cause);
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
    const started = await this.#turn(group);
    try {
      const value = await call();
      this.#health.answered(started, performance.now());
      return value;
    } catch (error) {
      if (!(error instanceof StoreOutage)) {
        // What the store rejected, it has answered.
        this.#health.answered(started, performance.now());
        throw error;
      }
      const isPaused = this.#health.failed(started, error, performance.now());
      if (isPaused) for (const ticket of this.#line.drain()) ticket.refuse(unavailable(error));
      throw unavailable(error);
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  #turn(group: string): Promise<StartedCall> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const refuse = (error: Error): void => {
        isOver = true;
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => refuse(busy()), WAITING_MILLISECONDS);
      const start = (call: StartedCall): void => {
        clearTimeout(timer);
        resolve(call);
      };
      this.#line.push(group, 1, {
        start,
        refuse,
        get isOver() {
          return isOver;
        },
      });
      this.#startNext();
    });
  }

  #startNext(): void {
    while (this.#line.length > 0 && this.#health.mayBegin(this.#running, performance.now())) {
      const ticket = this.#line.shift()!;
      if (ticket.isOver) continue;
      this.#running += 1;
      ticket.start(this.#health.begin(performance.now()));
    }
  }
}

const busy = (): DomainError => keyStoreErrors.KEY_STORE_BUSY({ retryAfterSeconds: RETRY_AFTER_SECONDS });

/** @param cause what the store answered; for the log only */
export const unavailable = (cause: unknown): DomainError =>
  keyStoreErrors.KEY_STORE_UNAVAILABLE({ retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
