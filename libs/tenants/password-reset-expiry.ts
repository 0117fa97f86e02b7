import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { type DueItems, DueKind, Expires, purge } from '#scheduler';

import { PasswordReset } from './entities.js';

const SCOPE = platformScope(systemOrigin('password-reset-expiry'));
/** For how long a reset that cannot be used any more is kept. */
const KEPT_FOR = 7 * DAY;

/** Removes password resets that ended long ago. */
@Expires({})
@Injectable()
export class PasswordResetExpiry extends DueKind<PasswordReset> {
  readonly kind = 'password reset';
  protected readonly due: DueItems<PasswordReset>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: PasswordReset,
      key: 'id',
      where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
      order: [
        ['expiresAt', 'ASC'],
        ['id', 'ASC'],
      ],
      reason: 'password resets that ended long ago',
    });
  }
}
