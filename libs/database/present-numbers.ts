import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { coreErrors } from '#core';

import { WAITING } from './gateway.js';

type Numbers = ReadonlyMap<string, number>;

interface Asker {
  readonly tenantId: string;
  readonly resolve: (number: number | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** How many tenants one statement names. */
const TENANTS_MAX = 256;

/**
 * Reads the numbers of tenants' configurations as they are committed now. A request that asks while a statement is under
 * way is answered by the next one: it never gets what was read before it asked.
 */
export class PresentNumbers {
  #waiting: Asker[] = [];
  #running = false;
  /** Where what is read belongs to no asker: neither to its transaction nor to its trace. */
  readonly #outside = AsyncLocalStorage.snapshot();

  /** @param read one statement, on committed data */
  constructor(private readonly read: (tenantIds: readonly string[]) => Promise<Numbers>) {}

  /** @returns `undefined` where there is no such tenant. @throws BUSY where too much waits already; whatever `read` throws */
  of(tenantId: string): Promise<number | undefined> {
    if (this.#waiting.length >= WAITING.waitingMax) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tenantId, resolve, reject });
      if (!this.#running) void this.#outside(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // An embedded database answers within a turn of the event loop: without one, no two requests would share a statement.
      await yieldToEventLoop();
      await this.#next();
    }
    this.#running = false;
  }

  async #next(): Promise<void> {
    const all = this.#waiting;
    const tenantIds = new Set([...new Set(all.map(({ tenantId }) => tenantId))].slice(0, TENANTS_MAX));
    const askers = all.filter(({ tenantId }) => tenantIds.has(tenantId));
    this.#waiting = all.filter(({ tenantId }) => !tenantIds.has(tenantId));
    try {
      const numbers = await this.read([...tenantIds]);
      for (const { tenantId, resolve } of askers) resolve(numbers.get(tenantId));
    } catch (error) {
      for (const { reject } of askers) reject(error);
    }
  }
}
