import { Injectable } from '@nestjs/common';

import { DAY, type Expirable, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { type DueItems, Expires, purge } from '#scheduler';

import { PasswordAttempt, RefreshToken, Session } from './entities.js';

const SCOPE = platformScope(systemOrigin('session-expiry'));
/** For how long an ended session is kept, for questions about who was signed in. */
const KEPT_FOR = 7 * DAY;

/** Removes sessions that ended long ago. */
@Expires({})
@Injectable()
export class SessionExpiry implements Expirable {
  readonly kind = 'session';
  readonly #old: DueItems<Session>;

  constructor(database: Database) {
    this.#old = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: Session,
      key: 'id',
      where: (now) => ({ renewableUntil: LessThanOrEqual(now - KEPT_FOR) }),
      order: [
        ['renewableUntil', 'ASC'],
        ['id', 'ASC'],
      ],
      reason: 'sessions that ended long ago',
    });
  }

  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }
}

/** Removes refresh tokens that could be used no more for long. */
@Expires({})
@Injectable()
export class RefreshTokenExpiry implements Expirable {
  readonly kind = 'refresh token';
  readonly #old: DueItems<RefreshToken>;

  constructor(database: Database) {
    this.#old = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: RefreshToken,
      key: 'lookupHash',
      where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
      order: [
        ['expiresAt', 'ASC'],
        ['lookupHash', 'ASC'],
      ],
      reason: 'refresh tokens that ended long ago',
    });
  }

  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }
}

/** Removes counters of failed password attempts that lock no account any more. */
@Expires({})
@Injectable()
export class PasswordAttemptExpiry implements Expirable {
  readonly kind = 'password attempt';
  readonly #old: DueItems<PasswordAttempt>;

  constructor(database: Database) {
    this.#old = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: PasswordAttempt,
      key: 'subjectHash',
      where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
      order: [
        ['expiresAt', 'ASC'],
        ['subjectHash', 'ASC'],
      ],
      reason: 'counters of failed password attempts',
    });
  }

  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }
}
