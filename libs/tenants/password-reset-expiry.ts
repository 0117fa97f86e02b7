import { Injectable } from '@nestjs/common';

import { DAY, type Expirable, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { type DueItems, Expires, purge } from '#scheduler';

import { PasswordReset } from './entities.js';

const SCOPE = platformScope(systemOrigin('password-reset-expiry'));
/** For how long a reset that cannot be used any more is kept. */
const KEPT_FOR = 7 * DAY;

/** Removes password resets that ended long ago. */
@Expires({})
@Injectable()
export class PasswordResetExpiry implements Expirable {
  readonly kind = 'password reset';
  readonly #old: DueItems<PasswordReset>;

  constructor(database: Database) {
    this.#old = purge(database, {
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

  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }
}
