import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, In, LessThanOrEqual } from '#database';
import { DueItems, DueKind, Expires, purge } from '#scheduler';

import { Invitation } from './entities.js';

const SCOPE = platformScope(systemOrigin('invitation-expiry'));

const ORDER = [
  ['expiresAt', 'ASC'],
  ['id', 'ASC'],
] as const;

/** Records that invitations expired. */
@Expires({})
@Injectable()
export class InvitationExpiry extends DueKind<Invitation> {
  readonly kind = 'invitation';
  protected readonly due: DueItems<Invitation>;

  constructor(private readonly database: Database) {
    super();
    this.due = new DueItems(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: Invitation,
      lists: [
        { where: (now) => ({ state: 'pending', expiresAt: LessThanOrEqual(now) }), order: ORDER, happens: 'expires' },
      ],
      itemOf: ({ id }) => id,
      handle: (row) => this.expire(row),
    });
  }

  private async expire({ id }: Invitation): Promise<void> {
    await this.database.platform(SCOPE, async (tx) => {
      const row = await tx.lockIfPresent(Invitation, { id });
      if (row) await tx.applyDue(Invitation, row);
    });
  }
}

/** For so long an invitation that was accepted, withdrawn or expired is listed. */
const KEPT_FOR = 90 * DAY;

/** Removes invitations that ended long ago; the history keeps what became of them. */
@Expires({})
@Injectable()
export class EndedInvitations extends DueKind<Invitation> {
  readonly kind = 'ended invitation';
  protected readonly due: DueItems<Invitation>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: Invitation,
      key: 'id',
      where: (now) => ({
        state: In(['accepted', 'withdrawn', 'expired']),
        expiresAt: LessThanOrEqual(now - KEPT_FOR),
      }),
      order: ORDER,
      reason: 'invitations that ended long ago',
    });
  }
}
