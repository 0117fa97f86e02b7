import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { Announcement, WebhookDelivery } from './entities.js';

/** How long deliveries wait, are listed and can be requested again, and announcements of what has happened are kept. */
export const KEPT_FOR = 30 * DAY;

/** How long what was given up because it had waited for too long is listed. */
const GIVEN_UP_SHOWN_FOR = 7 * DAY;

/** Removes old deliveries that have ended; the history keeps the events. */
@Expires({})
@Injectable()
export class DeliveryPurge extends DueKind<WebhookDelivery> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'webhook delivery',
        scope: platformScope(systemOrigin('webhook-delivery-purge')),
        entity: WebhookDelivery,
        where: (now) => [
          { createdAt: LessThanOrEqual(now - KEPT_FOR), state: 'delivered' },
          {
            createdAt: LessThanOrEqual(now - KEPT_FOR),
            state: 'failed',
            dueAt: LessThanOrEqual(now - GIVEN_UP_SHOWN_FOR),
          },
        ],
        dueColumn: 'createdAt',
        reason: 'deliveries that are no longer listed',
      }),
    );
  }
}

/** Removes what was announced about things that happened long ago; the history keeps it. */
@Expires({})
@Injectable()
export class AnnouncementPurge extends DueKind<Announcement> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'past announcement',
        scope: platformScope(systemOrigin('announcement-purge')),
        entity: Announcement,
        where: (now) => ({ dueAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'dueAt',
        reason: 'announcements of what happened long ago',
      }),
    );
  }
}
