import type { EpochMilliseconds } from '#core';
import type { Counter } from '#metrics';

import { type Basis, holds } from './basis.js';
import type { View } from './view.js';

/** The newest number of each tenant's configuration that this process has seen. What was read under an older one is outdated. */
export class ConfigurationNumbers {
  readonly #newest = new Map<string, number>();

  constructor(private readonly max = 100_000) {}

  newest(tenantId: string): number | undefined {
    return this.#newest.get(tenantId);
  }

  /** @param number as it is committed at this moment; an older one that arrives late changes nothing */
  note(tenantId: string, number: number): void {
    const known = this.#newest.get(tenantId);
    if (known !== undefined && known >= number) return;
    if (known === undefined && this.#newest.size >= this.max) this.#newest.delete(this.#newest.keys().next().value!);
    this.#newest.set(tenantId, number);
  }
}

/** A value of a tenant's configuration, and what it depends on. */
export interface Known<Value> {
  readonly value: Value;
  readonly basis: Basis;
}

/** How a value is read, with the span in which the clock changes nothing about it. */
export type Load<Value> = (view: View) => Promise<{ readonly value: Value } & Pick<Basis, 'from' | 'until'>>;

/** What a `Kept` is built on; `Database` provides it. */
export interface Loader {
  readonly numbers: ConfigurationNumbers;
  /** By what is kept, `hit` or `miss`. */
  readonly lookups: Counter;
  now(): EpochMilliseconds;
  /** Whether the caller reads in a transaction: then it waits for no other, which may wait for this transaction itself. */
  readonly isHolding: boolean;
  /** Reads the number of the tenant's configuration first, so that a change that comes after it is noticed, then the value. */
  load<Value>(tenantId: string, load: Load<Value>): Promise<Known<Value>>;
}

/**
 * Values of tenants' configurations that are kept in memory, at most `max` of them. Another process can have changed the
 * configuration since: what is done by such a value goes through `Database.commit`, which finds out.
 */
export class Kept<Value> {
  readonly #values = new Map<string, Known<Value>>();
  readonly #loading = new Map<string, Promise<Known<Value>>>();

  constructor(
    private readonly loader: Loader,
    private readonly name: string,
    private readonly max: number,
  ) {}

  /** The value, read now unless it is known. @param key of the value, unique in the tenant. @throws whatever `load` throws */
  async get(tenantId: string, key: string, load: Load<Value>): Promise<Known<Value>> {
    const place = `${tenantId}:${key}`;
    const known = this.#values.get(place);
    if (known && this.#isCurrent(tenantId, known)) {
      this.loader.lookups.increment(this.name, 'hit');
      return known;
    }
    this.loader.lookups.increment(this.name, 'miss');
    const { isHolding } = this.loader;
    const joined = isHolding ? undefined : await this.#loading.get(place);
    if (joined && this.#isCurrent(tenantId, joined)) return joined;
    const loading = this.loader.load(tenantId, load);
    // Others do not wait for a transaction either, and do not fail where it lost a race.
    if (!isHolding) this.#loading.set(place, loading);
    try {
      const loaded = await loading;
      this.#values.delete(place);
      if (this.#values.size >= this.max) this.#values.delete(this.#values.keys().next().value!);
      this.#values.set(place, loaded);
      return loaded;
    } finally {
      if (this.#loading.get(place) === loading) this.#loading.delete(place);
    }
  }

  #isCurrent(tenantId: string, { basis }: Known<Value>): boolean {
    return holds(basis, { configVersion: this.loader.numbers.newest(tenantId), now: this.loader.now() });
  }
}
