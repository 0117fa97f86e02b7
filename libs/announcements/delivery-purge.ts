import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { WebhookDelivery } from './entities.js';

/** For so long deliveries are listed, and can be requested again. */
const KEPT_FOR = 30 * DAY;

/** Removes old deliveries; the history keeps the events. */
@Expires({})
@Injectable()
export class DeliveryPurge extends DueKind<WebhookDelivery> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'webhook delivery',
        scope: platformScope(systemOrigin('webhook-delivery-purge')),
        entity: WebhookDelivery,
        where: (now) => ({ createdAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'createdAt',
        reason: 'deliveries that are no longer listed',
      }),
    );
  }
}
