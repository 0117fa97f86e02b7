import { AsyncLocalStorage } from 'node:async_hooks';
import { nextTick } from 'node:process';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { FairLine, SECOND, type TenantScope, coreErrors } from '#core';

import { WAITING } from './gateway.js';
import type { DatabaseMeasures } from './measures.js';
import type { PreparedWork, Share } from './prepared-work.js';

interface Waiting extends Share {
  /** Time of arrival, by a monotonic clock. */
  readonly since: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The outcome of one item of a batch: its result or its error. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** Estimated maximum of events in one transaction: more would make others wait longer. */
const GROUP_MAX = 256;

/**
 * Lets prepared work of many requests share a transaction: work that arrives during a transaction forms the next one. Only one
 * runs at a time, so that no request waits for later ones.
 */
export class GroupCommit {
  readonly #line = new FairLine<Waiting>();
  #running = false;
  /** The owner of batches, which belong to no single tenant. */
  readonly #outside = AsyncLocalStorage.snapshot();

  /** @param commit writes a batch and returns the outcome of each item, in order, after the commit */
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
    // Requests that arrived together and still wait in their sockets join the batch.
    await yieldToEventLoop();
    while (this.#line.length > 0) {
      const batch = this.#next();
      const outcomes = await this.commit(batch).catch((error: unknown) => batch.map((): Outcome => ({ error })));
      // After the next batch was sent: otherwise the database would be idle while these responses are written.
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
