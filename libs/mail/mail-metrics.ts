import { Injectable } from '@nestjs/common';

import { MINUTE, SECOND, platformScope, systemOrigin } from '#core';
import { Database, IsNull } from '#database';
import { type MetricSource, Measures, counter, defineMetrics, gauge } from '#metrics';

import { Mail } from './entities.js';
import { MailDeliveries } from './mail-deliveries.service.js';

const SYSTEM = platformScope(systemOrigin('mail-metrics'));

const metrics = defineMetrics({
  chancery_mails_total: counter(
    'Attempts of this process to send an e-mail: delivered to the mail server, retried later, given up, or ' +
      'dropped because it became obsolete',
    'outcome',
  ),
});

/** What this process has sent. */
@Measures({ metrics })
@Injectable()
export class MailMetrics implements MetricSource<typeof metrics> {
  constructor(private readonly deliveries: MailDeliveries) {}

  measure() {
    const counts = Object.entries(this.deliveries.counts);
    return { chancery_mails_total: counts.map(([outcome, value]) => ({ value, labels: [outcome] })) };
  }
}

const outbox = defineMetrics({
  chancery_mail_waiting_seconds: gauge('Age of the oldest unsent e-mail; 0 if there is none'),
});

/** What waits to be sent; every process reads the same. */
@Measures({ metrics: outbox, everyMilliseconds: MINUTE })
@Injectable()
export class MailOutboxMetrics implements MetricSource<typeof outbox> {
  constructor(private readonly database: Database) {}

  measure() {
    return this.database.readPlatform(SYSTEM, async (view) => {
      const [oldest] = await view.installation.find(
        Mail,
        { state: 'pending', heldSince: IsNull() },
        { order: { createdAt: 'ASC', id: 'ASC' }, limit: 1, columns: ['id', 'createdAt'] },
      );
      return { chancery_mail_waiting_seconds: oldest ? Math.max(view.now - oldest.createdAt, 0) / SECOND : 0 };
    });
  }
}
