import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';

import { EventReader, type HistoryLine, historyEntries, historyLines, historySizes } from '#audit';
import { CONFIGURATION, PublicUrl } from '#config';
import {
  DAY,
  type EpochMilliseconds,
  HOUR,
  MINUTE,
  SECOND,
  type Secret,
  endedOrGivenUp,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { Notices } from '#contacts';
import { Database, LessThanOrEqual, MoreThan, type Tx } from '#database';
import { TRIED_FOR, deliveryLifecycle, isDue, retryDelay, tooLateFrom } from '#deliveries';
import { LOGGER, type Logger, describeError } from '#logging';
import type { DestinationPolicy } from '#outbound';
import { tenantState } from '#tenants';

import { isSubscribed } from './actions.js';
import { GivenUpDeliveries } from './delivery-metrics.js';
import { Webhook, WebhookDelivery } from './entities.js';
import { webhookLifecycle } from './lifecycle.js';
import { cloudEvent, webhookHeaders } from './message.js';
import { type Attempt, post } from './webhook-client.js';
import { failureNotice } from './webhook-notices.js';
import { WebhookSecrets } from './webhook-secrets.js';
import { type AnnouncementConfiguration, destinationPolicy } from './webhooks.service.js';

const SYSTEM = platformScope(systemOrigin('webhook-deliveries'));

/** Webhooks to which one process delivers at the same time. */
const WEBHOOKS_TOGETHER = 16;
/** Those of them that may belong to one tenant: slow receivers of one leave room for the others. */
const WEBHOOKS_OF_TENANT_TOGETHER = 4;
/** Messages that one webhook gets at the same time. */
const MESSAGES_TOGETHER = 4;
/** After so many rounds, or so long, another webhook may have its turn. */
const ROUNDS_MAX = 50;
const TURN = 30 * SECOND;
/** Webhooks that one call looks at; the next call continues behind them. */
const WEBHOOKS_LOOKED_AT = 2_000;
/** Events of a history that one round looks at. */
const EVENTS_LOOKED_AT = 1_000;
/** Longer than one round takes: a process that was killed keeps a webhook from the others for this long. */
const LEASE = MINUTE;
/** After so long without an accepted delivery a webhook that fails is disabled. */
const FAILING_MAX = 5 * DAY;
/** The receiver wants no more (RFC 9110 §15.5.11, Standard Webhooks 1.0). */
const GONE = 410;
/** Why a delivery is given up that has nothing to send. */
const EVENT_NOT_FOUND = 'EVENT_NOT_FOUND';

/** What a suspended tenant still sends: that it is suspended. */
const SENT_WHILE_SUSPENDED = { action: 'tenant.suspended' } as const;
/** How often it is looked whether a tenant is suspended still for which something waits. */
const SUSPENDED_LOOKED_AT_EVERY = HOUR;
/** Which deliveries may be sent; all where nothing is named. */
type Sent = Partial<typeof SENT_WHILE_SUSPENDED>;

type DueWebhook = Pick<Webhook, 'id' | 'tenantId'>;

interface Outgoing {
  readonly deliveryId: string;
  readonly body: string;
}

/** One round for one webhook: what to send now. */
interface Round {
  /** The lease that this process holds. */
  readonly lease: EpochMilliseconds;
  readonly url: string;
  readonly secrets: readonly Secret[];
  readonly messages: readonly Outgoing[];
}

interface Ended {
  readonly deliveryId: string;
  readonly attempt: Attempt;
}

const isAccepted = (attempt: Attempt): boolean => 'status' in attempt && attempt.status >= 200 && attempt.status < 300;

/**
 * Sends the events of histories to the webhooks that subscribed to them. The history itself is the queue: an event is in
 * it with the change that it tells of, and each webhook remembers up to which event it has looked. So nothing is lost,
 * and recording an event costs nothing more where webhooks exist. A message is sent at least once: again where a process
 * ended between the answer and the note of it.
 */
@Injectable()
export class Deliveries implements OnModuleDestroy {
  readonly #running = new Map<string, { readonly tenantId: string; readonly ended: Promise<void> }>();
  readonly #policy: DestinationPolicy;
  #lastLookedAt = '';
  #lastBegun = '';
  #stopped = false;

  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecrets,
    private readonly events: EventReader,
    private readonly publicUrl: PublicUrl,
    private readonly notices: Notices,
    private readonly givenUp: GivenUpDeliveries,
    @Inject(CONFIGURATION) configuration: AnnouncementConfiguration,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#policy = destinationPolicy(configuration);
  }

  /**
   * Begins to deliver what is due, as far as this process has room, and waits for that. May be called again meanwhile: a
   * slow receiver does not keep the others waiting.
   */
  async deliverDue(): Promise<void> {
    const due = await this.due();
    const room = Math.max(WEBHOOKS_TOGETHER - this.#running.size, 0);
    const oneAfterTheOther = async (): Promise<void> => {
      for (let next = this.takeNext(due); next !== undefined && !this.#stopped; next = this.takeNext(due)) {
        await this.begin(next);
      }
    };
    await Promise.all(Array.from({ length: room }, oneAfterTheOther));
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    // An attempt may take longer: its message is sent by another process when the lease ends.
    await endedOrGivenUp([...this.#running.values()].map(({ ended }) => ended));
  }

  /** Takes the next webhook out of the list whose tenant has room. */
  private takeNext(due: DueWebhook[]): DueWebhook | undefined {
    const running = [...this.#running.values()];
    const hasRoom = ({ id, tenantId }: DueWebhook): boolean =>
      !this.#running.has(id) &&
      running.filter((other) => other.tenantId === tenantId).length < WEBHOOKS_OF_TENANT_TOGETHER;
    const place = due.findIndex(hasRoom);
    return place < 0 ? undefined : due.splice(place, 1)[0];
  }

  private begin({ id, tenantId }: DueWebhook): Promise<void> {
    this.#lastBegun = id;
    const ended = this.deliver(id)
      .catch((error: unknown) => {
        this.logger.error({ webhookId: id, error: describeError(error) }, 'A webhook could not be delivered to');
      })
      .finally(() => this.#running.delete(id));
    this.#running.set(id, { tenantId, ended });
    return ended;
  }

  /**
   * Webhooks whose history has grown or that have something to try now, and that no process delivers to: first those
   * behind the one that had its turn last.
   */
  private async due(): Promise<DueWebhook[]> {
    const due = await this.dueInOrder();
    const behind = due.filter(({ id }) => id > this.#lastBegun);
    return [...behind, ...due.filter(({ id }) => id <= this.#lastBegun)];
  }

  private async dueInOrder(): Promise<DueWebhook[]> {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const rows = await view.find(
        Webhook,
        { state: 'active', id: MoreThan(this.#lastLookedAt) },
        {
          order: { id: 'ASC' },
          limit: WEBHOOKS_LOOKED_AT,
          columns: ['id', 'tenantId', 'nextSequence', 'dueAt', 'leasedUntil'],
        },
      );
      this.#lastLookedAt = rows.length < WEBHOOKS_LOOKED_AT ? '' : rows.at(-1)!.id;
      const sizeOf = await historySizes(view, [...new Set(rows.map(({ tenantId }) => tenantId))]);
      return rows
        .filter(({ leasedUntil }) => !isLeased(leasedUntil, view.now))
        .filter((row) => row.nextSequence < sizeOf(row.tenantId) || isDue(row.dueAt, view.now));
    });
  }

  private async deliver(id: string): Promise<void> {
    let lease: EpochMilliseconds | undefined;
    const turnEndsAt = this.database.now() + TURN;
    const mayGoOn = (): boolean => !this.#stopped && this.database.now() < turnEndsAt;
    for (let rounds = 0; rounds < ROUNDS_MAX && mayGoOn(); rounds += 1) {
      const round = await this.prepare(id, lease);
      if (!round) return;
      lease = round.lease;
      const ended = await Promise.all(
        round.messages.map(async ({ deliveryId, body }) => {
          return { deliveryId, attempt: await this.send(round, { id: deliveryId, body }) };
        }),
      );
      if (ended.length > 0 && !(await this.note(id, ended))) break;
    }
    if (lease !== undefined) await this.release(id, lease);
  }

  /** One attempt. Without a secret that opens nothing is sent: no receiver could tell that the message is ours. */
  private async send({ url, secrets }: Round, { id, body }: { id: string; body: string }): Promise<Attempt> {
    if (secrets.length === 0) return { error: 'SECRET_UNREADABLE' };
    return post(url, webhookHeaders({ id, body, secrets }, this.database.now()), body, this.#policy);
  }

  /**
   * Takes the lease of a webhook, or continues with it; notes the events that have come since, and reads what is due.
   * @returns nothing where another process delivers, or where there is nothing to do any more
   */
  private async prepare(id: string, held: EpochMilliseconds | undefined): Promise<Round | undefined> {
    return this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('deliveries of webhooks: the history has the events');
      const row = await tx.lockIfPresent(Webhook, { id, state: 'active' });
      if (!row || (held === undefined ? isLeased(row.leasedUntil, tx.now) : row.leasedUntil !== held)) return undefined;
      const state = await tenantState(tx, row.tenantId);
      if (state === 'deleted') {
        // Its secrets went with the data key of the tenant.
        await this.secrets.remove(tx, id);
        await tx.delete(Webhook, { id });
        return undefined;
      }
      const lines = await historyLines(tx, row.tenantId, row.nextSequence, EVENTS_LOOKED_AT);
      const added = await this.enqueue(tx, row, lines);
      const nextSequence = (lines.at(-1)?.sequence ?? row.nextSequence - 1) + 1;
      const dueAt = row.dueAt ?? (added > 0 ? tx.now : null);
      const sent = state === 'suspended' ? SENT_WHILE_SUSPENDED : {};
      const due = isDue(dueAt, tx.now) ? await dueDeliveries(tx, row, sent) : [];
      if (due.length === 0 && lines.length < EVENTS_LOOKED_AT) {
        const next = await earliest(tx, row, dueAt, sent);
        const waiting = state === 'suspended' && next === null ? await this.wait(tx, id) : { dueAt: next };
        await tx.note(Webhook, { id }, { nextSequence, ...waiting, leasedUntil: 0 });
        return undefined;
      }
      const lease = tx.now + LEASE;
      await tx.note(Webhook, { id }, { nextSequence, dueAt, leasedUntil: lease });
      const secrets = await this.secrets.current(tx, id);
      return { lease, url: row.url, secrets, messages: await this.messages(tx, row, due) };
    });
  }

  /**
   * A step: what is pending waits while its tenant is suspended. That time counts neither as one in which its receiver failed
   * nor as one in which it was tried. The event of the reactivation, or the next look, ends it.
   */
  private async wait(tx: Tx, webhookId: string): Promise<Pick<Webhook, 'dueAt' | 'failures' | 'failingSince'>> {
    const pending = await tx.note(WebhookDelivery, { webhookId, state: 'pending' }, { requestedAt: tx.now });
    const dueAt = pending > 0 ? tx.now + SUSPENDED_LOOKED_AT_EVERY : null;
    return { dueAt, failures: 0, failingSince: null };
  }

  /** A step: the deliveries of the events that the webhook subscribed to. @returns how many there are */
  private async enqueue(
    tx: Tx,
    { id: webhookId, tenantId, actions }: Webhook,
    lines: readonly HistoryLine[],
  ): Promise<number> {
    const subscribed = lines.filter(({ action }) => isSubscribed(actions, action));
    const rows = subscribed.map(({ sequence, id: eventId, action }): WebhookDelivery => ({
      id: uuidv7(tx.now),
      tenantId,
      webhookId,
      sequence,
      eventId,
      action,
      state: 'pending',
      attempts: 0,
      dueAt: tx.now,
      requestedAt: tx.now,
      attemptedAt: null,
      lastStatus: null,
      lastError: null,
      createdAt: tx.now,
    }));
    await tx.append(WebhookDelivery, rows);
    return rows.length;
  }

  /** A step: the texts of what is due. What the history has no longer is given up. */
  private async messages(tx: Tx, { tenantId }: Webhook, due: readonly WebhookDelivery[]): Promise<readonly Outgoing[]> {
    const entries = await historyEntries(
      tx,
      this.events,
      tenantId,
      due.map(({ sequence }) => sequence),
    );
    const source = `${this.publicUrl.current}/v1/tenants/${tenantId}`;
    const found: Outgoing[] = [];
    for (const delivery of due) {
      const entry = entries.get(delivery.sequence);
      if (entry) found.push({ deliveryId: delivery.id, body: cloudEvent(entry, source) });
      else {
        const set = { lastStatus: null, lastError: EVENT_NOT_FOUND };
        await tx.transition(WebhookDelivery, delivery, deliveryLifecycle.event.fail, { set });
        tx.onceCommitted(() => this.givenUp.add('missing'));
      }
    }
    return found;
  }

  /** Writes down what became of the attempts of a round. @returns whether the receiver accepts, so that more may be sent */
  private async note(webhookId: string, ended: readonly Ended[]): Promise<boolean> {
    return this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('deliveries of webhooks: the history has the events');
      const webhook = await tx.lockIfPresent(Webhook, { id: webhookId });
      if (!webhook) return false;
      for (const one of ended) await this.noteOne(tx, one);
      const accepted = ended.some(({ attempt }) => isAccepted(attempt));
      if (accepted) {
        await tx.note(Webhook, { id: webhookId }, { failures: 0, failingSince: null, deliveredAt: tx.now });
        return true;
      }
      await this.noteFailure(tx, webhook, ended);
      return false;
    });
  }

  private async noteOne(tx: Tx, { deliveryId, attempt }: Ended): Promise<void> {
    const row = await tx.lockIfPresent(WebhookDelivery, { id: deliveryId, state: 'pending' });
    if (!row) return;
    const attempts = row.attempts + 1;
    const set = {
      attempts,
      attemptedAt: tx.now,
      lastStatus: 'status' in attempt ? attempt.status : null,
      lastError: 'error' in attempt ? attempt.error : null,
    };
    const { event } = deliveryLifecycle;
    if (isAccepted(attempt)) await tx.transition(WebhookDelivery, row, event.deliver, { set });
    // A jump of the clock makes no days of attempts.
    else if (tx.confirmed - row.requestedAt >= TRIED_FOR) {
      await tx.transition(WebhookDelivery, row, event.fail, { set });
      tx.onceCommitted(() => this.givenUp.add('refused'));
    } else {
      const dueAt = tx.now + retryDelay(attempts, Math.random());
      await tx.note(WebhookDelivery, { id: deliveryId }, { ...set, dueAt });
    }
  }

  /** A round in which every attempt failed: the webhook is tried again later, with one message, or is disabled. */
  private async noteFailure(tx: Tx, webhook: Webhook, ended: readonly Ended[]): Promise<void> {
    const failures = webhook.failures + 1;
    const failingSince = Math.min(webhook.failingSince ?? tx.now, tx.now);
    const dueAt = tx.now + retryDelay(failures, Math.random());
    const isGone = ended.some(({ attempt }) => 'status' in attempt && attempt.status === GONE);
    const set = { failures, failingSince, dueAt };
    // A jump of the clock makes no days of failure.
    if (webhook.state === 'active' && (isGone || tx.confirmed - failingSince >= FAILING_MAX)) {
      const content = { outcome: 'failed' as const, details: { failingSince, isGone } };
      await tx.transition(Webhook, webhook, webhookLifecycle.event.fail, { set, content });
      const subject = { tenantId: webhook.tenantId, contactsOf: [] };
      await this.notices.tell(tx, subject, failureNotice(webhook, { failingSince, isGone, failedAt: tx.now }));
    } else await tx.note(Webhook, { id: webhook.id }, set);
  }

  private async release(id: string, lease: EpochMilliseconds): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('deliveries of webhooks: the history has the events');
      const row = await tx.lockIfPresent(Webhook, { id, leasedUntil: lease });
      if (row) await tx.note(Webhook, { id }, { leasedUntil: 0, dueAt: await earliest(tx, row, row.dueAt) });
    });
  }
}

/** A lease that ends later than one can was taken while the clock was ahead. */
const isLeased = (leasedUntil: EpochMilliseconds, now: EpochMilliseconds): boolean =>
  leasedUntil > now && leasedUntil <= now + LEASE;

/** What is tried in this round: one message where the last round failed. */
const dueDeliveries = (tx: Tx, { id: webhookId, failures }: Webhook, sent: Sent): Promise<WebhookDelivery[]> =>
  tx.find(
    WebhookDelivery,
    [
      { ...sent, webhookId, state: 'pending', dueAt: LessThanOrEqual(tx.now) },
      { ...sent, webhookId, state: 'pending', dueAt: MoreThan(tooLateFrom(tx.now)) },
    ],
    { order: { dueAt: 'ASC', id: 'ASC' }, limit: failures > 0 ? 1 : MESSAGES_TOGETHER },
  );

/** When the webhook is to be tried next: not before its own delay, where its last round failed. */
async function earliest(
  tx: Tx,
  { id: webhookId, failures }: Webhook,
  notBefore: EpochMilliseconds | null,
  sent: Sent = {},
): Promise<EpochMilliseconds | null> {
  const [next] = await tx.find(
    WebhookDelivery,
    { ...sent, webhookId, state: 'pending' },
    { order: { dueAt: 'ASC', id: 'ASC' }, limit: 1 },
  );
  if (!next) return null;
  return failures > 0 ? Math.max(next.dueAt, notBefore ?? 0) : next.dueAt;
}
