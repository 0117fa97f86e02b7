export interface BatchedLookupOptions {
  /** For how long questions are collected before one load answers them. */
  readonly collectMilliseconds?: number;
  /** How many are answered by one load. */
  readonly batchMax?: number;
  /** How many wait; a further one is answered as unknown. */
  readonly waitingMax?: number;
  /** For how long an answer is given again without a load. */
  readonly rememberMilliseconds?: number;
}

/**
 * Bounds the work of look-ups that anybody can cause: however many ask, one load after the other runs, each for many,
 * and an answer counts for a moment. For questions whose answer may be a moment old, such as whether it is worth while to
 * ask properly.
 */
export class BatchedLookup<Found> {
  readonly #waiting = new Map<string, PromiseWithResolvers<Found | undefined>>();
  readonly #answered = new Map<string, Found | undefined>();
  readonly #options: Required<BatchedLookupOptions>;
  #running = false;

  /** @param load what there is to each id; ids that are unknown are absent from the answer */
  constructor(
    private readonly load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Found>>,
    options: BatchedLookupOptions = {},
  ) {
    this.#options = {
      collectMilliseconds: 20,
      batchMax: 200,
      waitingMax: 500,
      rememberMilliseconds: 2_000,
      ...options,
    };
  }

  /** @returns `undefined` where nothing is known of the id, and where too many wait */
  async find(id: string): Promise<Found | undefined> {
    if (this.#answered.has(id)) return this.#answered.get(id);
    const waiting = this.#waiting.get(id);
    if (waiting) return waiting.promise;
    if (this.#waiting.size >= this.#options.waitingMax) return undefined;
    const question = Promise.withResolvers<Found | undefined>();
    this.#waiting.set(id, question);
    if (!this.#running) void this.#run();
    return question.promise;
  }

  async #run(): Promise<void> {
    const { collectMilliseconds, batchMax } = this.#options;
    this.#running = true;
    while (this.#waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, collectMilliseconds));
      await this.#answer([...this.#waiting].slice(0, batchMax));
    }
    this.#running = false;
  }

  async #answer(batch: readonly (readonly [string, PromiseWithResolvers<Found | undefined>])[]): Promise<void> {
    try {
      const found = await this.load(batch.map(([id]) => id));
      for (const [id] of batch) this.#answered.set(id, found.get(id));
      // What was found may be a secret: it is kept no longer than it counts.
      setTimeout(() => {
        for (const [id] of batch) this.#answered.delete(id);
      }, this.#options.rememberMilliseconds).unref();
      for (const [id, { resolve }] of batch) resolve(found.get(id));
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    } finally {
      for (const [id] of batch) this.#waiting.delete(id);
    }
  }
}
