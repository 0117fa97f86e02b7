/** The database does not answer: known before the work started, or detected while it waited. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly code = 'ETIMEDOUT';
}

interface ReachabilityOptions {
  /** Checks that the database answers, within its own time limit. Never throws. */
  readonly probe: () => Promise<boolean>;
  /** Work that takes longer triggers a check of the database; it may only be waiting for a lock. */
  readonly suspectAfterMilliseconds: number;
  /** Interval of the checks for slow work, and for a database that is away. */
  readonly checkEveryMilliseconds: number;
}

/**
 * Knows whether the database answers. If work takes suspiciously long, the database is checked on a separate connection; if it
 * does not answer, all work fails as unreachable within seconds, and further work fails immediately, until it answers again.
 * Without this, each request would wait for its own time-out and hold a connection that long.
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
   * Runs the work while the database is reachable. Abandoned work continues in the background until its own time-outs end
   * it; its result is ignored.
   * @throws Unreachable; what the work throws
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isReachable) throw new Unreachable('The database does not answer');
    const failed = Promise.withResolvers<never>();
    const entry = { at: performance.now(), fail: failed.reject };
    this.#begun.add(entry);
    try {
      const result = work();
      // Abandoned work has no waiting caller.
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
