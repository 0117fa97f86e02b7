import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

import { coreErrors } from '#core';

import { WAITING } from './gateway.js';
import type { View } from './view.js';

/** Reads what is found under each of the keys. */
export type ReadOfKeys<Value> = (view: View, keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;

interface Asker<Value> {
  readonly key: string;
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** How many keys are read together. */
const KEYS_MAX = 256;

/**
 * Reads what many requests ask for as it is committed now. A request that asks while others are being answered is answered by what is
 * read next: it never gets what was read before it asked.
 */
export class SharedReads<Value> {
  #waiting: Asker<Value>[] = [];
  #running = false;
  /** Where what is read belongs to no asker: neither to its transaction nor to its trace. */
  readonly #outside = AsyncLocalStorage.snapshot();

  /** @param read reads committed data, by few statements however many the keys are */
  constructor(private readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>) {}

  /** @returns `undefined` where nothing is found under the key. @throws BUSY where too much waits already; whatever `read` throws */
  of(key: string): Promise<Value | undefined> {
    if (this.#waiting.length >= WAITING.waitingMax) throw coreErrors.BUSY({ retryAfterSeconds: 1 });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
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
    const keys = new Set([...new Set(all.map(({ key }) => key))].slice(0, KEYS_MAX));
    const askers = all.filter(({ key }) => keys.has(key));
    this.#waiting = all.filter(({ key }) => !keys.has(key));
    try {
      const values = await this.read([...keys]);
      for (const { key, resolve } of askers) resolve(values.get(key));
    } catch (error) {
      for (const { reject } of askers) reject(error);
    }
  }
}
