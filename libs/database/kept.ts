import type { EpochMilliseconds } from '#core';
import type { Counter } from '#metrics';

import { type Basis, holds } from './basis.js';
import type { View } from './view.js';

/** The newest configuration version of each tenant that this process has seen. Values that were read under an older one are outdated. */
export class ConfigurationNumbers {
  readonly #newest = new Map<string, number>();

  constructor(private readonly max = 100_000) {}

  newest(tenantId: string): number | undefined {
    return this.#newest.get(tenantId);
  }

  /** @param number the committed version; an older one that arrives late has no effect */
  note(tenantId: string, number: number): void {
    const known = this.#newest.get(tenantId);
    if (known !== undefined && known >= number) return;
    if (known === undefined && this.#newest.size >= this.max) this.#newest.delete(this.#newest.keys().next().value!);
    this.#newest.set(tenantId, number);
  }
}

/** A value of a tenant's configuration, and its basis. */
export interface Known<Value> {
  readonly value: Value;
  readonly basis: Basis;
}

/** How a value is read, with the span in which the clock changes nothing about it. */
export type Load<Value> = (view: View) => Promise<{ readonly value: Value } & Pick<Basis, 'from' | 'until'>>;

/** What a `Kept` needs; `Database` provides it. */
export interface Loader {
  readonly numbers: ConfigurationNumbers;
  /** Counts by name and `hit` or `miss`. */
  readonly lookups: Counter;
  now(): EpochMilliseconds;
  /** Whether the caller is in a transaction: then it must not wait for another load, which may wait for this transaction. */
  readonly isHolding: boolean;
  /** Reads the configuration version of the tenant first, so that later changes are noticed, and then the value. */
  load<Value>(tenantId: string, load: Load<Value>): Promise<Known<Value>>;
}

/**
 * A cache of at most `max` values of tenants' configurations. Another process may have changed the configuration since: work
 * that uses such a value must go through `Database.commit`, which checks it.
 */
export class Kept<Value> {
  readonly #values = new Map<string, Known<Value>>();
  readonly #loading = new Map<string, Promise<Known<Value>>>();

  constructor(
    private readonly loader: Loader,
    private readonly name: string,
    private readonly max: number,
  ) {}

  /** The cached value, or the value read now. @param key of the value, unique in the tenant. @throws whatever `load` throws */
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
    // Other callers neither wait for a transaction, nor fail if it lost a race.
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
