import { Injectable } from '@nestjs/common';

import { Notices } from '#contacts';
import { type EpochMilliseconds, platformScope, systemOrigin, toRfc3339 } from '#core';
import { Database, LessThanOrEqual, type Tx } from '#database';
import { TRIED_FOR, deliveryLifecycle } from '#deliveries';
import { DueItems, DueKind, Expires } from '#scheduler';
import { tenantState } from '#tenants';

import { Webhook, WebhookDelivery } from './entities.js';
import { GivenUpDeliveries } from './delivery-metrics.js';
import { webhookEvents } from './events.js';
import { KEPT_FOR } from './purges.js';
import { lostNotice } from './webhook-notices.js';

const SYSTEM = platformScope(systemOrigin('webhook-delivery-expiry'));
/** Deliveries of one webhook that are given up by one event. */
const TOGETHER = 500;
/** Why a delivery is given up that has waited for this long. */
const WAITED_TOO_LONG = 'WAITED_TOO_LONG';

/** What has waited for 30 days, while a webhook was disabled or its tenant suspended: one condition for list and step. */
const waited = (now: EpochMilliseconds) => ({ state: 'pending' as const, createdAt: LessThanOrEqual(now - KEPT_FOR) });

/** Gives up what could not be sent for 30 days: an event and an e-mail for each webhook. */
@Expires({})
@Injectable()
export class DeliveryExpiry extends DueKind<WebhookDelivery> {
  constructor(database: Database, notices: Notices, counts: GivenUpDeliveries) {
    super(
      new DueItems(database, {
        kind: 'waiting webhook delivery',
        scope: SYSTEM,
        entity: WebhookDelivery,
        lists: [{ where: waited, dueColumn: 'createdAt' }],
        // One step gives up what its webhook has.
        itemOf: ({ webhookId }) => webhookId,
        handle: async ({ webhookId }) => {
          const count = await database.platform(SYSTEM, (tx) => giveUp(tx, notices, webhookId));
          counts.add('waited', count);
          return count > 0;
        },
      }),
    );
  }
}

/** A step. @returns how many deliveries of the webhook were given up */
async function giveUp(tx: Tx, notices: Notices, webhookId: string): Promise<number> {
  tx.housekeeping('deliveries of a webhook that is deleted, or that another instance gave up');
  const webhook = await tx.lockIfPresent(Webhook, { id: webhookId });
  // What was requested again is tried for as long as everything else.
  const isTried = webhook?.state === 'active' && (await tenantState(tx, webhook.tenantId)) === 'active';
  const requested = isTried ? { requestedAt: LessThanOrEqual(tx.confirmed - TRIED_FOR) } : {};
  const rows = await tx.find(
    WebhookDelivery,
    { webhookId, ...waited(tx.confirmed), ...requested },
    { order: { createdAt: 'ASC', id: 'ASC' }, limit: TOGETHER },
  );
  for (const row of rows) {
    const set = { lastError: WAITED_TOO_LONG, dueAt: tx.now };
    await tx.transition(WebhookDelivery, row, deliveryLifecycle.event.fail, { set });
  }
  // What says that others were given up is no news, month after month.
  const told = rows.filter(({ action }) => action !== webhookEvents.deliveries_given_up.action);
  const [first] = told;
  if (!webhook || first === undefined) return rows.length;
  const { tenantId, name, url, state } = webhook;
  const sequences = told.map(({ sequence }) => sequence);
  const details = {
    count: told.length,
    firstSequence: Math.min(...sequences),
    lastSequence: Math.max(...sequences),
    webhookState: state,
  };
  tx.record(webhookEvents.deliveries_given_up(webhookId, { tenantId, outcome: 'failed', details }));
  const notice = lostNotice({ id: webhookId, name, url }, { ...details, day: dayOf(tx.now) });
  await notices.tell(tx, { tenantId, contactsOf: [] }, notice);
  return rows.length;
}

const dayOf = (instant: EpochMilliseconds): string => toRfc3339(instant).slice(0, 10);
