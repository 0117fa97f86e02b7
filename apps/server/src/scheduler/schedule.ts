import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';

import { AcmeValidations, RefusedAcmeRequests } from '#acme';
import { Deliveries } from '#announcements';
import { Checkpoints, Cosignatures, ErasedMonths, KeptLogs } from '#audit';
import { MINUTE, SECOND, endedOrGivenUp } from '#core';
import { LOGGER, type Logger, describeError } from '#logging';
import { MailDeliveries } from '#mail';
import { ClockWatch, Scheduler } from '#scheduler';
import { CredentialUsage, RefusedUses } from '#service-keys';
import { KeyUsage } from '#signing';
import { RefusedApiTokens } from '#tenants';
import { Vault } from '#vault';

/** Runs the scheduler at intervals, in a process with the role `scheduler`. */
@Injectable()
export class ExpirySchedule {
  constructor(private readonly scheduler: Scheduler) {}

  @Interval(2 * SECOND)
  async tick(): Promise<void> {
    await this.scheduler.run();
  }
}

/** Work that the next interval tries again: nothing of it runs on a sealed server, and a failure is only logged. */
@Injectable()
export class Attempts {
  constructor(
    private readonly vault: Vault,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async run(work: () => Promise<unknown>, failure: string): Promise<void> {
    if (this.vault.sealed) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn({ error: describeError(error) }, failure);
    }
  }
}

/** Signs the histories that have grown, in a process with the role `scheduler`. */
@Injectable()
export class CheckpointSchedule implements OnModuleDestroy {
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly keptLogs: KeptLogs,
    private readonly erasedMonths: ErasedMonths,
    private readonly attempts: Attempts,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Interval(SECOND)
  async tick(): Promise<void> {
    if (this.#stopped || this.#running) return;
    const failure = 'The histories could not be read to sign checkpoints';
    this.#running = this.attempts.run(() => this.publish(), failure).finally(() => (this.#running = undefined));
    await this.#running;
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    await endedOrGivenUp([this.#running]);
  }

  private async publish(): Promise<void> {
    for (const { tenantId, error } of await this.checkpoints.publishDue()) {
      this.logger.error({ tenantId, error: describeError(error) }, 'No checkpoint of a history could be signed');
    }
    for (const rejected of this.keptLogs.newlyRejected()) {
      this.logger.warn(rejected, 'Lines of the file of checkpoints are ignored');
    }
    await this.erasedMonths.keepErased();
  }
}

/** Has checkpoints cosigned by the witnesses, in a process with the role `scheduler`. A slow witness delays no signature. */
@Injectable()
export class CosignatureSchedule {
  constructor(
    private readonly cosignatures: Cosignatures,
    private readonly vault: Vault,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** A slow witness does not delay others until the next interval. */
  @Interval(SECOND)
  async tick(): Promise<void> {
    if (this.vault.sealed) return;
    try {
      for (const { tenantId, witness, error } of await this.cosignatures.requestDue()) {
        this.logger.warn({ tenantId, witness, error: describeError(error) }, 'A witness did not cosign a checkpoint');
      }
    } catch (error) {
      this.logger.warn({ error: describeError(error) }, 'The histories could not be read to have checkpoints cosigned');
    }
  }
}

/** Sends events to webhooks, in a process with the role `scheduler`. */
@Injectable()
export class DeliverySchedule {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly attempts: Attempts,
  ) {}

  /** A slow receiver delays only itself. */
  @Interval(SECOND)
  tick(): Promise<void> {
    return this.attempts.run(() => this.deliveries.deliverDue(), 'The webhooks could not be read');
  }
}

/** Validates the challenges of ACME clients, in a process with the role `scheduler`. */
@Injectable()
export class ValidationSchedule {
  constructor(
    private readonly validations: AcmeValidations,
    private readonly attempts: Attempts,
  ) {}

  /** A slow host delays only itself. */
  @Interval(SECOND)
  tick(): Promise<void> {
    return this.attempts.run(() => this.validations.validateDue(), 'The challenges of ACME could not be read');
  }
}

/** Sends e-mail, in a process with the role `scheduler`. */
@Injectable()
export class MailSchedule {
  constructor(
    private readonly mails: MailDeliveries,
    private readonly attempts: Attempts,
  ) {}

  @Interval(SECOND)
  tick(): Promise<void> {
    return this.attempts.run(() => this.mails.sendDue(), 'The outbox of e-mail could not be read');
  }
}

/** Compares the clock of every process, whether or not it runs the scheduler: all of them return times. */
@Injectable()
export class ClockSchedule {
  constructor(
    private readonly watch: ClockWatch,
    private readonly attempts: Attempts,
  ) {}

  @Interval(10 * SECOND)
  tick(): Promise<void> {
    return this.attempts.run(() => this.watch.beat(), 'The clock could not be compared with the mark in the database');
  }
}

/** Writes the last use of credentials and keys, in every process: each counts its own uses. */
@Injectable()
export class UsageSchedule {
  constructor(
    private readonly usage: CredentialUsage,
    private readonly keyUsage: KeyUsage,
    private readonly refusedUses: RefusedUses,
    private readonly refusedApiTokens: RefusedApiTokens,
    private readonly refusedAcmeRequests: RefusedAcmeRequests,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Interval(MINUTE)
  async tick(): Promise<void> {
    for (const usage of [this.usage, this.keyUsage]) {
      try {
        await usage.flush();
      } catch (error) {
        this.logger.error({ error: describeError(error) }, 'The last use of credentials and keys could not be written');
      }
    }
  }

  @Interval(2 * SECOND)
  async countRefusedUses(): Promise<void> {
    await this.refusedUses.flush();
    await this.refusedApiTokens.flush();
    await this.refusedAcmeRequests.flush();
  }
}
