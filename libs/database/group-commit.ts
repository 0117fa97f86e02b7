import { AsyncLocalStorage } from 'node:async_hooks';
import { nextTick } from 'node:process';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { FairLine, SECOND, type TenantScope, coreErrors } from '#core';

import { WAITING } from './gateway.js';
import type { DatabaseMeasures } from './measures.js';
import type { PreparedWork, Share } from './prepared-work.js';

interface Waiting extends Share {
  /** When it arrived, by a clock that only runs. */
  readonly since: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What becomes of one piece of work of a batch: its result, or why it has none. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** How many events a transaction records, roughly: more would keep everybody else waiting for longer. */
const GROUP_MAX = 256;

/**
 * Lets prepared work of many requests share a transaction: what arrives while one is under way is the next one. One at a
 * time; none waits longer than for what has arrived already.
 */
export class GroupCommit {
  readonly #line = new FairLine<Waiting>();
  #running = false;
  /** Where a batch belongs to none of those who share it. */
  readonly #outside = AsyncLocalStorage.snapshot();

  /** @param commit writes a batch and answers for each of its pieces, in order, once all is durable */
  constructor(
    private readonly commit: (shares: readonly Share[]) => Promise<readonly Outcome[]>,
    private readonly measures: DatabaseMeasures,
  ) {}

  /** @throws BUSY where too much waits already, in all or of this tenant; whatever the work comes to otherwise */
  add<Result>(scope: TenantScope, work: PreparedWork<Result>): Promise<Result> {
    const { tenantId } = scope;
    const isFull =
      this.#line.length >= WAITING.waitingMax || this.#line.lengthOf(tenantId) >= WAITING.waitingPerGroupMax;
    if (isFull) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    return new Promise<Result>((resolve, reject) => {
      this.#line.push(tenantId, Math.max(work.rows ?? 1, 1), {
        scope,
        work,
        since: performance.now(),
        resolve: resolve as (result: unknown) => void,
        reject,
      });
      if (!this.#running) void this.#outside(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Requests that arrived together, and wait in their sockets, are one batch.
    await yieldToEventLoop();
    while (this.#line.length > 0) {
      const batch = this.#next();
      const outcomes = await this.commit(batch).catch((error: unknown) => batch.map((): Outcome => ({ error })));
      // After the next batch is on its way: the database would have nothing to do while these requests are answered.
      nextTick(answer, batch, outcomes);
    }
    this.#running = false;
  }

  #next(): Waiting[] {
    const batch: Waiting[] = [];
    for (let rows = 0; rows < GROUP_MAX && this.#line.length > 0;) {
      const waiting = this.#line.shift()!;
      batch.push(waiting);
      rows += waiting.work.rows ?? 1;
    }
    this.#measure(batch);
    return batch;
  }

  #measure(batch: readonly Waiting[]): void {
    const now = performance.now();
    this.measures.batchSizes.observe(batch.length);
    for (const { since } of batch) this.measures.batchWaits.observe((now - since) / SECOND);
  }
}

function answer(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index]!;
    if ('error' in outcome) reject(outcome.error);
    else resolve(outcome.result);
  });
}
