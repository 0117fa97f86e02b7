import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { deliveryLifecycle } from '#deliveries';
import { DueKind, Expires, purge } from '#scheduler';

import { Mail } from './entities.js';

/** Longer than a mail is tried, and than any other one with the same key can be written. */
const KEPT_FOR = 30 * DAY;
const SYSTEM = platformScope(systemOrigin('mail-purge'));

/** Removes old mails; the history keeps what they told. */
@Expires({})
@Injectable()
export class MailPurge extends DueKind<Mail> {
  constructor(private readonly database: Database) {
    super(
      purge(database, {
        kind: 'mail',
        scope: SYSTEM,
        entity: Mail,
        where: (now) => ({ createdAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'createdAt',
        reason: 'mails that were sent or given up long ago',
      }),
    );
  }

  /** What was pending when the backup was made was sent since, most likely: it is not sent again. */
  async onRestored(): Promise<void> {
    await this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('mails of a restored database');
      await tx.installation.transitionAll(Mail, { state: 'pending' }, deliveryLifecycle.event.fail, () => ({
        set: { sealedContent: null },
      }));
    });
  }
}
