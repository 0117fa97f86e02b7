import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';

import { type EpochMilliseconds, MINUTE, SECOND, endedOrGivenUp, platformScope, systemOrigin, toRfc3339 } from '#core';
import { Database, IsNull, LessThanOrEqual, MoreThan, type Tx } from '#database';
import { deliveryLifecycle, retryDelay, tooLateFrom } from '#deliveries';
import { LOGGER, type Logger } from '#logging';

import { type MailAttempt, isFinal, isOfServer } from './attempt.js';
import { Mail } from './entities.js';
import { mailEvents } from './events.js';
import { Mails } from './mails.js';
import { MailRelay, type OutgoingMail } from './relay.js';

const SYSTEM = platformScope(systemOrigin('mail-deliveries'));

/** Mails that one process sends at the same time. */
const TOGETHER = 4;
/** Rounds of one call; the next call continues. */
const ROUNDS_MAX = 50;
/** Longer than an attempt takes: what a process had claimed that was killed is sent by another one after so long. */
const CLAIM = 2 * MINUTE;
/** While the mail server does not answer, it is asked again after so long at most. */
const SERVER_DELAY_MAX = 5 * MINUTE;

/** Why a mail is given up that would come too late. */
const NO_LONGER_USEFUL = 'NO_LONGER_USEFUL';

interface Claimed {
  readonly row: Mail;
  readonly outgoing: OutgoingMail | undefined;
}

interface Ended {
  readonly row: Mail;
  readonly attempt: MailAttempt;
}

/**
 * Sends the mails of the outbox, on any number of instances: a mail is claimed by moving on when it is due, by a conditional
 * update that one of them wins. A mail is sent at least once: again where a process ended between the answer of the mail
 * server and the note of it.
 */
@Injectable()
export class MailDeliveries implements OnModuleDestroy {
  readonly counts = { delivered: 0, retried: 0, failed: 0, dropped: 0 };
  #running: Promise<void> | undefined;
  #stopped = false;
  #serverFailures = 0;
  #serverRetryAt: EpochMilliseconds = 0;

  constructor(
    private readonly database: Database,
    private readonly mails: Mails,
    private readonly relay: MailRelay,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Sends what is due; while that is in progress, waits for it. */
  async sendDue(): Promise<void> {
    if (!this.mails.areSent || this.#stopped) return;
    this.#running ??= this.send().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    // An attempt may take longer: its mail is sent by another process when the claim ends.
    await endedOrGivenUp([this.#running]);
  }

  private async send(): Promise<void> {
    for (let rounds = 0; rounds < ROUNDS_MAX && !this.#stopped && !this.isServerAwaited(); rounds += 1) {
      const claimed = await this.claim();
      if (claimed.length === 0) return;
      const ended = await Promise.all(
        claimed.map(async ({ row, outgoing }): Promise<Ended> => ({
          row,
          attempt: outgoing ? await this.relay.send(outgoing) : { status: null, error: 'UNREADABLE' },
        })),
      );
      await this.note(ended);
    }
  }

  /** A retry further away than one can be was set by a clock that was set back since. */
  private isServerAwaited(): boolean {
    const wait = this.#serverRetryAt - this.database.now();
    return wait > 0 && wait <= SERVER_DELAY_MAX;
  }

  private async claim(): Promise<readonly Claimed[]> {
    return this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the outbox of e-mail: the history has what the mails tell');
      const due = await tx.installation.find(
        Mail,
        [
          { state: 'pending', heldSince: IsNull(), dueAt: LessThanOrEqual(tx.now) },
          { state: 'pending', heldSince: IsNull(), dueAt: MoreThan(tooLateFrom(tx.now)) },
        ],
        { order: { dueAt: 'ASC', id: 'ASC' }, limit: TOGETHER },
      );
      const claimed: Claimed[] = [];
      for (const row of due) {
        const where = { id: row.id, state: 'pending' as const, dueAt: row.dueAt };
        if ((await tx.installation.note(Mail, where, { dueAt: tx.now + CLAIM })) !== 1) continue;
        if (row.usefulUntil !== null && row.usefulUntil <= tx.confirmed) await this.drop(tx, row, row.usefulUntil);
        else if (row.triedUntil <= tx.confirmed) await this.giveUp(tx, row, {});
        else claimed.push({ row, outgoing: await this.outgoing(tx, row) });
      }
      return claimed;
    });
  }

  /** @returns `undefined` for a mail that cannot be opened: no attempt will help */
  private async outgoing(tx: Tx, row: Mail): Promise<OutgoingMail | undefined> {
    const { id, recipient, sealedContent, createdAt: writtenAt } = row;
    if (sealedContent === null) return undefined;
    const content = await this.mails.contentOf(tx, { ...row, sealedContent });
    return content && { id, recipient, writtenAt, ...content };
  }

  private async note(ended: readonly Ended[]): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the outbox of e-mail: the history has what the mails tell');
      for (const one of ended) await this.noteOne(tx, one);
    });
    const ofServer = ended.find(({ attempt }) => isOfServer(attempt));
    this.#serverFailures = ofServer ? this.#serverFailures + 1 : 0;
    if (!ofServer) return;
    const delay = Math.min(retryDelay(this.#serverFailures, Math.random()), SERVER_DELAY_MAX);
    this.#serverRetryAt = this.database.now() + delay;
    const { error, status } = ofServer.attempt;
    const fields = { error, status, server: this.relay.place, retryAfterSeconds: Math.round(delay / SECOND) };
    this.logger.warn(fields, 'The mail server took no mail');
  }

  private async noteOne(tx: Tx, { row, attempt }: Ended): Promise<void> {
    const current = await tx.installation.lockIfPresent(Mail, { id: row.id, state: 'pending' });
    if (!current) return;
    const attempts = current.attempts + 1;
    const set = { attempts, attemptedAt: tx.now, lastStatus: attempt.status, lastError: attempt.error };
    if (attempt.error === null) {
      await tx.installation.transition(Mail, current, deliveryLifecycle.event.deliver, {
        set: { ...set, sealedContent: null },
      });
      this.counts.delivered += 1;
    } else if (isFinal(attempt)) {
      await this.giveUp(tx, current, set);
    } else {
      const dueAt = tx.now + retryDelay(attempts, Math.random());
      await tx.installation.note(Mail, { id: row.id }, { ...set, dueAt });
      this.counts.retried += 1;
    }
  }

  /** A step: does not send what is of no use any more, and tells the tenant, or the installation, whom it would have reached. */
  private async drop(tx: Tx, row: Mail, usefulUntil: EpochMilliseconds): Promise<void> {
    const set = { sealedContent: null, lastError: NO_LONGER_USEFUL };
    await tx.installation.transition(Mail, row, deliveryLifecycle.event.fail, { set });
    const { id, tenantId, recipient, createdAt, attempts } = row;
    const times = { writtenAt: toRfc3339(createdAt), usefulUntil: toRfc3339(usefulUntil) };
    tx.record(
      mailEvents.dropped(id, {
        ...(tenantId === null ? {} : { tenantId }),
        outcome: 'failed',
        details: { email: recipient, attempts, ...times },
      }),
    );
    this.counts.dropped += 1;
    this.logger.warn({ mailId: id, usefulUntil }, 'An e-mail was of no use any more, and was not sent');
  }

  private async giveUp(
    tx: Tx,
    row: Mail,
    set: Partial<Pick<Mail, 'attempts' | 'attemptedAt' | 'lastStatus' | 'lastError'>>,
  ) {
    const { event } = deliveryLifecycle;
    await tx.installation.transition(Mail, row, event.fail, { set: { ...set, sealedContent: null } });
    this.counts.failed += 1;
    const { lastError, lastStatus } = { ...row, ...set };
    this.logger.error({ mailId: row.id, error: lastError, status: lastStatus }, 'An e-mail was given up');
  }
}
