import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';

import { type Expirable, SECOND } from '#core';

import { type Logger, describeError } from '../http/logging.js';
import { LOGGER } from '../http/problem.filter.js';
import { SealState } from '../http/seal.guard.js';

/** The token of the list of all kinds whose time comes. */
export const EXPIRABLES = Symbol('expirables');

const EVERY = 2 * SECOND;
const BATCH = 500;
/** Bounds one run, so that a fleet that falls due at once does not keep the other kinds waiting for ever. */
const BATCHES_MAX = 200;

/**
 * Asks every kind, one after the other, to write down what is due. Any number of instances may run it: each effect is a
 * conditional update. What fails is tried again by the next run, and keeps no other kind from its turn.
 */
@Injectable()
export class ExpiryJob implements OnModuleDestroy {
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    @Inject(EXPIRABLES) private readonly expirables: readonly Expirable[],
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly seal: SealState,
  ) {}

  /** Does everything that is due now; while a run is under way, joins it. */
  async run(): Promise<void> {
    if (this.#stopped || this.seal.sealed) return;
    this.#running ??= this.runAll().finally(() => (this.#running = undefined));
    await this.#running;
  }

  /** The database is closed after this. */
  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  private async runAll(): Promise<void> {
    for (const expirable of this.expirables) {
      try {
        await this.runOne(expirable);
      } catch (error) {
        this.logger.error({ kind: expirable.kind, error: describeError(error) }, 'What is due could not be recorded');
      }
    }
  }

  private async runOne(expirable: Expirable): Promise<void> {
    let total = 0;
    for (let batch = 0; batch < BATCHES_MAX && !this.#stopped; batch += 1) {
      const handled = await expirable.recordDue(BATCH);
      total += handled;
      if (handled < BATCH) break;
    }
    if (total > 0) this.logger.debug({ kind: expirable.kind, total }, 'Recorded what was due');
  }
}

/** Runs the job again and again, in a process with the role `scheduler`. */
@Injectable()
export class ExpirySchedule {
  constructor(private readonly job: ExpiryJob) {}

  @Interval(EVERY)
  async tick(): Promise<void> {
    await this.job.run();
  }
}
