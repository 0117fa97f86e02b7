import type { EpochMilliseconds, Expirable } from '#core';

import { type ItemFailure, ItemsFailed } from './due-items.js';

/** Where the scheduler reports; a pino logger is one. */
interface SchedulerLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

interface SchedulerOptions {
  /** In the order in which they are asked; looked up when first needed. */
  readonly kinds: () => readonly Expirable[];
  readonly log: SchedulerLog;
  readonly now: () => EpochMilliseconds;
  /** What of an error may be logged: it can carry values of a row. */
  readonly describe: (error: unknown) => object;
  /** Whether nothing may be written at all: the installation is sealed. */
  readonly isSealed: () => boolean;
  /** Whether only what can be undone may be done, because the clock is not confirmed. Asked before each run. */
  readonly isPaused: () => Promise<boolean>;
}

/** What one kind has done since the process started. */
export interface KindCounters {
  readonly handled: number;
  readonly failed: number;
}

const BATCH = 500;
/** Bounds one run, so that many items that fall due together do not keep the other kinds waiting. */
const BATCHES_MAX = 200;
/** One log line per failing item, up to this many of one batch; the rest is counted. */
const FAILURES_LOGGED_MAX = 20;

/**
 * Asks every kind, one by one, to record what is due. Any number of instances may run it: each effect is a
 * conditional update. A failure is logged and tried again by a later run; it stops neither the other items of its kind
 * nor the other kinds.
 */
export class Scheduler {
  readonly #counters = new Map<string, { handled: number; failed: number }>();
  #running: Promise<void> | undefined;
  #stopped = false;
  #kinds: readonly Expirable[] | undefined;
  #runs = 0;
  #lastRunAt: EpochMilliseconds | undefined;

  constructor(private readonly options: SchedulerOptions) {}

  /** The nouns of all kinds, in the order in which they are asked. */
  get kinds(): readonly string[] {
    return this.all.map(({ kind }) => kind);
  }

  /** What each kind has done, by its noun. */
  get counters(): ReadonlyMap<string, KindCounters> {
    return this.#counters;
  }

  /** How many runs were finished since the process started. */
  get runs(): number {
    return this.#runs;
  }

  /** When the last of them was finished. */
  get lastRunAt(): EpochMilliseconds | undefined {
    return this.#lastRunAt;
  }

  /**
   * For how long the oldest item of each kind that people plan with has been due, in milliseconds. Nothing before the first
   * run: only then is it known what stays due although it was handled.
   */
  async overdue(): Promise<ReadonlyMap<string, number>> {
    const overdue = new Map<string, number>();
    if (this.#runs === 0) return overdue;
    for (const kind of this.all) if (kind.upcoming && kind.overdue) overdue.set(kind.kind, await kind.overdue());
    return overdue;
  }

  /** Does everything that is due now; while a run is in progress, waits for that one. */
  async run(): Promise<void> {
    if (this.#stopped || this.options.isSealed()) return;
    this.#running ??= this.runAll().finally(() => (this.#running = undefined));
    await this.#running;
  }

  /** Ends after the current batch; nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  private get all(): readonly Expirable[] {
    return (this.#kinds ??= this.options.kinds());
  }

  private async runAll(): Promise<void> {
    for (const kind of await this.kindsToRun()) {
      try {
        await this.runOne(kind);
      } catch (error) {
        this.count(kind, { handled: 0, failed: 1 });
        const fields = { kind: kind.kind, error: this.options.describe(error) };
        this.options.log.error(fields, 'What is due could not be recorded');
      }
    }
    this.#runs += 1;
    this.#lastRunAt = this.options.now();
  }

  private async kindsToRun(): Promise<readonly Expirable[]> {
    const { isPaused, log, describe } = this.options;
    const kinds = this.all;
    try {
      return (await isPaused()) ? kinds.filter(({ runsWhilePaused }) => runsWhilePaused) : kinds;
    } catch (error) {
      log.error({ error: describe(error) }, 'The clock could not be compared, so nothing is recorded in this run');
      return [];
    }
  }

  private async runOne(kind: Expirable): Promise<void> {
    let total = 0;
    for (let batch = 0; batch < BATCHES_MAX && !this.#stopped; batch += 1) {
      const attempted = await this.runBatch(kind);
      total += attempted;
      if (attempted < BATCH) break;
    }
    if (total > 0) this.options.log.debug({ kind: kind.kind, total }, 'Recorded what was due');
  }

  private async runBatch(kind: Expirable): Promise<number> {
    try {
      const handled = await kind.recordDue(BATCH);
      this.count(kind, { handled, failed: 0 });
      return handled;
    } catch (error) {
      if (!(error instanceof ItemsFailed)) throw error;
      this.count(kind, { handled: error.attempted - error.failed.length, failed: error.failed.length });
      this.report(kind, error.failed);
      return error.attempted;
    }
  }

  private report({ kind }: Expirable, failed: readonly ItemFailure[]): void {
    const { log, describe } = this.options;
    for (const { item, failures, error } of failed.slice(0, FAILURES_LOGGED_MAX)) {
      log.error({ kind, item, failures, error: describe(error) }, 'A due item failed and is tried again later');
    }
    const rest = failed.length - FAILURES_LOGGED_MAX;
    if (rest > 0) log.error({ kind, failed: rest }, 'More due items of this kind failed');
  }

  private count({ kind }: Expirable, { handled, failed }: KindCounters): void {
    const counters = this.#counters.get(kind) ?? { handled: 0, failed: 0 };
    counters.handled += handled;
    counters.failed += failed;
    this.#counters.set(kind, counters);
  }
}
