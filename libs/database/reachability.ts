/** The database does not answer: known before the work was begun, or found out while it waited. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'ETIMEDOUT';
}

interface ReachabilityOptions {
  /** Asks the database for a sign of life, within bounds of its own. Never throws. */
  readonly probe: () => Promise<boolean>;
  /** Work that takes longer than this makes the database suspect; waiting for a lock takes as long, and is harmless. */
  readonly suspectAfterMilliseconds: number;
  /** How often suspects are looked for, and how often a database that is away is asked whether it is back. */
  readonly checkEveryMilliseconds: number;
}

/**
 * Knows whether the database answers. While work is under way for suspiciously long, the database is asked on a connection
 * of its own; if it does not answer, all work ends as unreachable within seconds, and further work immediately, until it
 * answers again. Without that each request would wait for its own time-out, and hold a connection as long.
 */
export class Reachability {
  readonly #begun = new Set<{ readonly at: number; readonly fail: (error: Unreachable) => void }>();
  readonly #timer: NodeJS.Timeout;
  #isReachable = true;
  #probing: Promise<boolean> | undefined;

  constructor(private readonly options: ReachabilityOptions) {
    this.#timer = setInterval(() => void this.check(), options.checkEveryMilliseconds).unref();
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /**
   * Runs the work as long as the database is reachable. Work that is given up continues in the background until its own
   * time-outs end it; what it returns is ignored.
   * @throws Unreachable; what the work throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isReachable) throw new Unreachable('The database does not answer');
    const failed = Promise.withResolvers<never>();
    const entry = { at: performance.now(), fail: failed.reject };
    this.#begun.add(entry);
    try {
      const result = work();
      // No work waits for it once it was given up.
      result.catch(() => undefined);
      return await Promise.race([result, failed.promise]);
    } finally {
      this.#begun.delete(entry);
    }
  }

  /** Whether the database answers now. */
  async answers(): Promise<boolean> {
    this.#probing ??= this.options.probe().finally(() => (this.#probing = undefined));
    this.note(await this.#probing);
    return this.#isReachable;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  private async check(): Promise<void> {
    const [oldest] = this.#begun;
    const isSuspect = oldest !== undefined && performance.now() - oldest.at > this.options.suspectAfterMilliseconds;
    if (isSuspect || !this.#isReachable) await this.answers();
  }

  private note(answers: boolean): void {
    this.#isReachable = answers;
    if (answers) return;
    for (const { fail } of this.#begun) fail(new Unreachable('The database does not answer'));
  }
}
