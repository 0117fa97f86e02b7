import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { PasswordReset } from './entities.js';

const SCOPE = platformScope(systemOrigin('password-reset-expiry'));
/** For how long an unusable reset is kept. */
const KEPT_FOR = 7 * DAY;

/** Removes password resets that ended long ago. */
@Expires({})
@Injectable()
export class PasswordResetExpiry extends DueKind<PasswordReset> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'password reset',
        scope: SCOPE,
        entity: PasswordReset,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'password resets that ended long ago',
      }),
    );
  }
}
