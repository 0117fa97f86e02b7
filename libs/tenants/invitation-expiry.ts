import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, In, LessThanOrEqual } from '#database';
import { DueItems, DueKind, Expires, purge } from '#scheduler';

import { Invitation } from './entities.js';

const SCOPE = platformScope(systemOrigin('invitation-expiry'));

/** Records that invitations expired. */
@Expires({})
@Injectable()
export class InvitationExpiry extends DueKind<Invitation> {
  constructor(private readonly database: Database) {
    super(
      new DueItems(database, {
        kind: 'invitation',
        scope: SCOPE,
        entity: Invitation,
        lists: [
          {
            where: (now) => ({ state: 'pending', expiresAt: LessThanOrEqual(now) }),
            dueColumn: 'expiresAt',
            happens: 'expires',
          },
        ],
        handle: (row) => this.expire(row),
      }),
    );
  }

  private async expire({ id }: Invitation): Promise<void> {
    await this.database.platform(SCOPE, async (tx) => {
      const row = await tx.lockIfPresent(Invitation, { id });
      if (row) await tx.applyDue(Invitation, row);
    });
  }
}

/** How long an invitation that was accepted, withdrawn or expired is listed. */
const KEPT_FOR = 90 * DAY;

/** Removes invitations that ended long ago; the history keeps their events. */
@Expires({})
@Injectable()
export class EndedInvitations extends DueKind<Invitation> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ended invitation',
        scope: SCOPE,
        entity: Invitation,
        where: (now) => ({
          state: In(['accepted', 'withdrawn', 'expired']),
          expiresAt: LessThanOrEqual(now - KEPT_FOR),
        }),
        dueColumn: 'expiresAt',
        reason: 'invitations that ended long ago',
      }),
    );
  }
}
