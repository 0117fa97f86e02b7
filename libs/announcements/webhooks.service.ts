import { Inject, Injectable } from '@nestjs/common';

import { historySize } from '#audit';
import { CONFIGURATION, type SettingValues } from '#config';
import {
  type EpochMilliseconds,
  type Json,
  type Page,
  type PageRequest,
  SECOND,
  type Secret,
  type TenantScope,
  coreErrors,
  definedMembers,
} from '#core';
import { uuidv7 } from '#crypto';
import { type Committed, Database, type SeenVersions, type Tx, requireVersion } from '#database';
import { type DestinationPolicy, requireDestination } from '#outbound';
import { type DeliveryState, deliveryLifecycle } from '#deliveries';
import { lockTenant } from '#tenants';

import { Webhook, WebhookDelivery } from './entities.js';
import { webhookErrors } from './errors.js';
import { webhookEvents } from './events.js';
import { KnownActions } from './known-actions.js';
import { webhookLifecycle } from './lifecycle.js';
import type { announcementSettings } from './settings.js';
import { WebhookSecrets } from './webhook-secrets.js';

export interface NewWebhook {
  /** What it is for. */
  readonly name?: string | undefined;
  readonly url: string;
  readonly actions: readonly string[];
}

export type WebhookChange = { readonly [Member in keyof NewWebhook]?: NewWebhook[Member] | undefined };

/** A webhook as it is shown: without its secrets. */
export interface ShownWebhook extends Webhook {
  /** Until when the former secret also signs; `null` where only one does. */
  readonly previousSecretUntil: EpochMilliseconds | null;
}

/** A webhook with what exists only in the answer that makes it. */
export interface WebhookWithSecret {
  readonly webhook: ShownWebhook;
  readonly secret: Secret;
}

/** Webhooks of one tenant. */
const WEBHOOKS_MAX = 20;

/** The settings that decide where something is sent. */
export type AnnouncementConfiguration = SettingValues<typeof announcementSettings>;

/** What this installation is configured to reach. */
export const destinationPolicy = ({
  webhookNetworks,
  webhookPlainHttp,
}: AnnouncementConfiguration): DestinationPolicy => ({
  networks: webhookNetworks,
  plainHttp: webhookPlainHttp,
});

/** The webhooks of tenants and their deliveries, as people manage them. */
@Injectable()
export class Webhooks {
  readonly #policy: DestinationPolicy;

  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecrets,
    private readonly knownActions: KnownActions,
    @Inject(CONFIGURATION) configuration: AnnouncementConfiguration,
  ) {
    this.#policy = destinationPolicy(configuration);
  }

  /** Events from this one on are sent. @throws VALIDATION_ERROR, WEBHOOK_LIMIT_REACHED */
  async create(scope: TenantScope, { name, url, actions }: NewWebhook): Promise<Committed<WebhookWithSecret>> {
    this.check({ url, actions });
    return this.database.transaction(scope, async (tx) => {
      await lockTenant(tx);
      const { tenantId } = tx.scope;
      if ((await tx.count(Webhook, { tenantId })) >= WEBHOOKS_MAX) throw webhookErrors.WEBHOOK_LIMIT_REACHED();
      const webhook: Webhook = {
        id: uuidv7(tx.now),
        tenantId,
        name: name ?? null,
        url,
        actions,
        state: 'active',
        nextSequence: await historySize(tx, tenantId),
        dueAt: null,
        leasedUntil: 0,
        failures: 0,
        failingSince: null,
        deliveredAt: null,
        createdBy: tx.scope.actor.id,
        version: 1,
        createdAt: tx.now,
        updatedAt: tx.now,
      };
      await tx.insert(Webhook, webhook);
      const secret = await this.secrets.rotate(tx, webhook.id, 0);
      tx.record(webhookEvents.created(webhook.id, { after: visible(webhook) }));
      return { webhook: { ...webhook, previousSecretUntil: null }, secret };
    });
  }

  /** One page, oldest first. @param name only those with exactly this name */
  async list(scope: TenantScope, name: string | undefined, page: PageRequest): Promise<Page<ShownWebhook>> {
    return this.database.read(scope, async (view) => {
      const { items, nextCursor } = await view.page(Webhook, name === undefined ? {} : { name }, [['id', 'ASC']], page);
      const overlaps = await this.secrets.overlapsOf(
        view,
        items.map(({ id }) => id),
      );
      return {
        items: items.map((row) => ({ ...row, previousSecretUntil: overlaps.get(row.id) ?? null })),
        nextCursor,
      };
    });
  }

  /** @throws NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<ShownWebhook> {
    return this.database.read(scope, async (view) => {
      const row = await view.get(Webhook, { id });
      return { ...row, previousSecretUntil: (await this.secrets.overlapsOf(view, [id])).get(id) ?? null };
    });
  }

  /** @throws NOT_FOUND, VALIDATION_ERROR, PRECONDITION_FAILED */
  async change(
    scope: TenantScope,
    id: string,
    change: WebhookChange,
    ifMatch: SeenVersions | undefined,
  ): Promise<ShownWebhook> {
    this.check(change);
    const set = definedMembers(change);
    return this.database.transaction(scope, async (tx) => {
      const before = await tx.lock(Webhook, { id });
      const after = await tx.change(Webhook, before, { ...set, updatedAt: tx.now }, ifMatch);
      tx.record(webhookEvents.changed(id, { before: visible(before), after: visible(after) }));
      return this.shown(tx, after);
    });
  }

  /** Sends nothing any more until it is enabled. @throws NOT_FOUND, PRECONDITION_FAILED */
  async disable(scope: TenantScope, id: string, ifMatch: SeenVersions | undefined): Promise<Committed<ShownWebhook>> {
    return this.database.transaction(scope, async (tx) => {
      const row = await tx.lock(Webhook, { id });
      requireVersion(row, ifMatch);
      tx.housekeeping('a webhook that was disabled before');
      return this.shown(tx, await tx.transition(Webhook, row, webhookLifecycle.event.disable));
    });
  }

  /** What happened while it was disabled is not sent; what was pending then is. @throws NOT_FOUND, PRECONDITION_FAILED */
  async enable(scope: TenantScope, id: string, ifMatch: SeenVersions | undefined): Promise<Committed<ShownWebhook>> {
    return this.database.transaction(scope, async (tx) => {
      const row = await tx.lock(Webhook, { id });
      requireVersion(row, ifMatch);
      tx.housekeeping('a webhook that was enabled before');
      const set = {
        nextSequence: await historySize(tx, scope.tenantId),
        failures: 0,
        failingSince: null,
        leasedUntil: 0,
      };
      const pending = await tx.exists(WebhookDelivery, { webhookId: id, state: 'pending' });
      const addition = { set: { ...set, dueAt: pending ? tx.now : null } };
      return this.shown(tx, await tx.transition(Webhook, row, webhookLifecycle.event.enable, addition));
    });
  }

  /**
   * Makes a new secret; the former one also signs for a while.
   * @throws NOT_FOUND
   */
  async rotateSecret(scope: TenantScope, id: string, overlapSeconds: number): Promise<Committed<WebhookWithSecret>> {
    return this.database.transaction(scope, async (tx) => {
      const row = await tx.lock(Webhook, { id });
      const secret = await this.secrets.rotate(tx, id, overlapSeconds * SECOND);
      const changed = await tx.change(Webhook, row, { updatedAt: tx.now });
      tx.record(webhookEvents.secret_rotated(id, { details: { overlapSeconds } }));
      return { webhook: await this.shown(tx, changed), secret };
    });
  }

  /** Records that secrets are shown again to the requests that made them. @throws GONE where a webhook was deleted */
  async recordRepetition(scope: TenantScope, ids: readonly string[]): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      for (const id of ids) {
        if (!(await tx.exists(Webhook, { id }))) throw coreErrors.GONE();
        tx.record(webhookEvents.secret_repeated(id));
      }
    });
  }

  /** Its deliveries are removed when they are old. @throws NOT_FOUND, PRECONDITION_FAILED */
  async delete(scope: TenantScope, id: string, ifMatch: SeenVersions | undefined): Promise<void> {
    await this.database.transaction(scope, async (tx) => {
      const row = await tx.lock(Webhook, { id });
      requireVersion(row, ifMatch);
      await this.secrets.remove(tx, id);
      await tx.delete(Webhook, { id });
      tx.record(webhookEvents.deleted(id, { before: visible(row) }));
    });
  }

  /** What was sent and what will be, newest first. @throws NOT_FOUND */
  async deliveries(
    scope: TenantScope,
    webhookId: string,
    state: DeliveryState | undefined,
    page: PageRequest,
  ): Promise<Page<WebhookDelivery>> {
    return this.database.read(scope, async (view) => {
      await view.get(Webhook, { id: webhookId });
      const where = { webhookId, ...(state === undefined ? {} : { state }) };
      return view.page(WebhookDelivery, where, [['id', 'DESC']], page);
    });
  }

  /** Sends an event again, with the same message id. @throws NOT_FOUND, WRONG_STATE while it is pending or nothing is sent */
  async redeliver(scope: TenantScope, webhookId: string, id: string): Promise<Committed<WebhookDelivery>> {
    return this.database.transaction(scope, async (tx) => {
      const webhook = await tx.lock(Webhook, { id: webhookId });
      const delivery = await tx.lock(WebhookDelivery, { id, webhookId });
      if (webhook.state !== 'active') throw coreErrors.WRONG_STATE('The webhook is disabled: enable it first');
      const set = { attempts: 0, dueAt: tx.now, requestedAt: tx.now };
      const repeated = await tx.transition(WebhookDelivery, delivery, deliveryLifecycle.event.repeat, { set });
      await tx.note(Webhook, { id: webhookId }, { dueAt: tx.now });
      const { action, sequence } = delivery;
      tx.record(webhookEvents.redelivered(webhookId, { details: { deliveryId: id, action, sequence } }));
      return repeated;
    });
  }

  private check({ url, actions }: WebhookChange): void {
    if (url !== undefined) requireDestination(url, this.#policy);
    if (actions !== undefined) this.knownActions.require(actions);
  }

  private async shown(tx: Tx, row: Webhook): Promise<ShownWebhook> {
    return { ...row, previousSecretUntil: (await this.secrets.overlapsOf(tx, [row.id])).get(row.id) ?? null };
  }
}

/** The query of a URL can hold a secret of its receiver, so the history does without it. */
const visible = ({ name, url, actions }: Webhook): Json => ({
  ...(name === null ? {} : { name }),
  url: url.replace(/\?.*$/s, ''),
  actions: [...actions],
});
