import type { KeyObject } from 'node:crypto';

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CONFIGURATION, type ForeignVariables, type SettingValues } from '#config';
import { DomainError, SECOND } from '#core';
import { type AlgorithmName, StoredKey, algorithm } from '#crypto';
import { LOGGER, type Logger } from '#logging';
import { Counter, Histogram, SECONDS_BUCKETS } from '#metrics';

import { keyStoreErrors } from './errors.js';
import type { KeyStore, StorePlace } from './key-store.js';
import type { keyStoreSettings } from './settings.js';
import { StoreLine, StoreOutage, unavailable } from './store-line.js';
import { type StoreTypeName, storeTypes } from './store-types.js';

interface StoreState {
  readonly name: string;
  readonly type: StoreTypeName;
  /** `undefined` where it does not answer. */
  readonly algorithms: readonly AlgorithmName[] | undefined;
  /** Why it does not; for the operator only. */
  readonly failure: string | undefined;
}

/** A store that the operator has opened to a tenant. */
export interface OpenedStore {
  readonly name: string;
  readonly type: StoreTypeName;
  /** Whether it answered this process last time; `undefined` before the first time. */
  readonly isUp: boolean | undefined;
}

interface OpenStore {
  readonly name: string;
  readonly type: StoreTypeName;
  readonly store: KeyStore;
  readonly line: StoreLine;
  /** Making keys takes long: one at a time, so that it never takes all of a store from signatures. */
  readonly generations: StoreLine;
  /** Whether it answered last time; `undefined` before the first time. */
  isUp: boolean | undefined;
  /** Asks it again, where it did not. */
  again: NodeJS.Timeout | undefined;
}

/** A store that did not answer is asked again after so long where no request does: what is measured of it is not older than that. */
const ASKED_AGAIN_AFTER = 30 * SECOND;

const PROBE = Buffer.from('a key that was made in a store signs this, and its public half verifies it');

/** The key stores of the installation, by their names. */
@Injectable()
export class KeyStores implements OnApplicationShutdown {
  readonly seconds = new Histogram(SECONDS_BUCKETS);
  readonly failures = new Counter();
  readonly #stores: ReadonlyMap<string, OpenStore>;
  #closed = false;
  readonly #permitted: SettingValues<typeof keyStoreSettings>['keyStoreTenants'];

  constructor(
    @Inject(CONFIGURATION)
    { keyStores, keyStoreTenants, foreignVariables }: SettingValues<typeof keyStoreSettings> & ForeignVariables,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#permitted = keyStoreTenants;
    this.#stores = new Map(
      keyStores.map(({ name, type, uri }) => {
        const store = storeTypes[type].store(uri, this.logger, foreignVariables.reveal());
        const lines = { line: new StoreLine(store.concurrency), generations: new StoreLine(1) };
        return [name, { name, type, store, ...lines, isUp: undefined, again: undefined }];
      }),
    );
  }

  /** Whether a store of this name is configured. */
  has(name: string): boolean {
    return this.#stores.has(name);
  }

  /** Whether a store did not answer last time, or is not configured any more. */
  isAway(name: string): boolean {
    const open = this.#stores.get(name);
    return open === undefined || open.isUp === false;
  }

  /** Each with how many requests wait, and whether it answered last time. */
  get states(): readonly { readonly name: string; readonly waiting: number; readonly isUp: boolean | undefined }[] {
    return [...this.#stores.values()].map(({ name, line, isUp }) => ({ name, waiting: line.waiting, isUp }));
  }

  /** Whether one of them did not answer last time. */
  get isDegraded(): boolean {
    return this.states.some(({ isUp }) => isUp === false);
  }

  /** The stores that keys may be made in for a tenant. */
  permitted(tenantId: string): readonly OpenedStore[] {
    return [...this.#stores.values()]
      .filter(({ name }) =>
        this.#permitted.some(
          (entry) => entry.store === name && (entry.tenantId === '*' || entry.tenantId === tenantId),
        ),
      )
      .map(({ name, type, isUp }) => ({ name, type, isUp }));
  }

  /** Asks each of the stores whether it answers, and what it can do. */
  async examine(names: readonly string[] = [...this.#stores.keys()]): Promise<StoreState[]> {
    return Promise.all(
      names.map(async (name) => {
        const open = this.#open(name);
        try {
          const algorithms = await this.#call(open, 'examine', '', () => open.store.algorithms());
          return { name, type: open.type, algorithms, failure: undefined };
        } catch (error) {
          const { cause = error } = error as Error;
          return { name, type: open.type, algorithms: undefined, failure: (cause as Error).message };
        }
      }),
    );
  }

  /**
   * Before a key is made: whether the tenant may have one in this store, and the store answered last.
   * @throws KEY_STORE_UNKNOWN, KEY_STORE_UNAVAILABLE
   */
  requirePermitted(tenantId: string, name: string): void {
    if (!this.permitted(tenantId).some((store) => store.name === name)) throw keyStoreErrors.KEY_STORE_UNKNOWN();
    this.#open(name).line.requireOpen();
  }

  /**
   * Before something is written down that only the store can complete: asks a store that did not answer last time, or was not asked
   * yet, whether it does now.
   * @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async requireAnswer(tenantId: string, name: string): Promise<void> {
    const open = this.#open(name);
    open.line.requireOpen();
    if (open.isUp !== true) await this.#call(open, 'examine', tenantId, () => open.store.algorithms());
  }

  /**
   * Makes a key pair in a store, which has signed with it before this returns.
   * @throws KEY_STORE_ALGORITHM, KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async generate(
    name: string,
    place: StorePlace,
    key: { readonly algorithm: AlgorithmName; readonly modulusBits: number | undefined },
  ): Promise<StoredKey> {
    const open = this.#open(name);
    if (!algorithm(key.algorithm).scheme) throw keyStoreErrors.KEY_STORE_ALGORITHM();
    const publicKey = await open.generations.run(place.tenantId, () =>
      this.#call(open, 'generate', place.tenantId, () => open.store.generate(place, key.algorithm, key.modulusBits)),
    );
    if (!algorithm(key.algorithm).accepts(publicKey)) throw keyStoreErrors.KEY_STORE_ALGORITHM();
    const made = this.key(name, place, publicKey);
    await made.sign(key.algorithm, PROBE);
    return made;
  }

  /**
   * A key of a store. What it signs has been verified with the public half that we have.
   * @param group whose turn its signatures take
   */
  key(name: string, place: StorePlace, publicKey: KeyObject, group = place.tenantId): StoredKey {
    return new StoredKey(publicKey, async (signsBy, data) => {
      const row = algorithm(signsBy);
      const { scheme } = row;
      const open = this.#open(name);
      if (!scheme) throw keyStoreErrors.KEY_STORE_ALGORITHM();
      const signature = await this.#call(open, 'sign', group, () => open.store.sign(place, scheme, data));
      if (await row.verify(data, signature, publicKey)) return signature;
      this.failures.increment(name);
      this.logger.error({ keyStore: name, recordId: place.recordId }, 'A key store signed with another key');
      throw unavailable(new Error('What the key store signed does not verify'));
    });
  }

  /** @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
  async destroy(name: string, place: StorePlace): Promise<void> {
    const open = this.#open(name);
    await this.#call(open, 'destroy', place.tenantId, () => open.store.destroy(place));
  }

  /** Whether a store has a key. @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY */
  async holds(name: string, place: StorePlace): Promise<boolean> {
    const open = this.#open(name);
    return this.#call(open, 'find', place.tenantId, () => open.store.has(place));
  }

  /**
   * All keys of a store that are named as ours. For a command of its own: it takes a store with many keys long.
   * @returns `undefined` where the store does not tell
   * @throws KEY_STORE_UNAVAILABLE, KEY_STORE_BUSY
   */
  async list(name: string): Promise<readonly StorePlace[] | undefined> {
    const open = this.#open(name);
    return this.#call(open, 'list', '', async () => open.store.list?.());
  }

  async onApplicationShutdown(): Promise<void> {
    const stores = [...this.#stores.values()];
    this.#closed = true;
    for (const { again } of stores) clearTimeout(again);
    await Promise.all(stores.map(({ store }) => store.close()));
  }

  /** @throws KEY_STORE_UNAVAILABLE for a store that is not configured any more */
  #open(name: string): OpenStore {
    const open = this.#stores.get(name);
    if (!open) throw unavailable(new Error(`No key store ${name} is configured`));
    return open;
  }

  /** A call in its turn, measured. An answer that cannot be read is none. */
  async #call<T>(open: OpenStore, action: string, group: string, call: () => Promise<T>): Promise<T> {
    return open.line.run(group, async () => {
      const start = performance.now();
      try {
        const value = await call();
        this.#note(open, true);
        return value;
      } catch (error) {
        this.failures.increment(open.name);
        if (error instanceof StoreOutage) {
          this.#note(open, false, error);
          this.#askAgain(open);
        } else if (!(error instanceof DomainError)) throw unavailable(error);
        throw error;
      } finally {
        this.seconds.observe((performance.now() - start) / SECOND, open.name, action);
      }
    });
  }

  /** The log says once that a store stopped to answer, and once that it answers again. */
  #note(open: OpenStore, isUp: boolean, failure?: StoreOutage): void {
    if (open.isUp === isUp) return;
    if (!isUp) this.logger.error({ keyStore: open.name, cause: failure?.message }, 'A key store does not answer');
    else if (open.isUp === false) this.logger.warn({ keyStore: open.name }, 'A key store answers again');
    open.isUp = isUp;
  }

  #askAgain(open: OpenStore): void {
    clearTimeout(open.again);
    if (this.#closed) return;
    open.again = setTimeout(() => {
      if (!open.isUp) void this.examine([open.name]);
    }, ASKED_AGAIN_AFTER).unref();
  }
}
