import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { type DueItems, DueKind, Expires, purge } from '#scheduler';

import { PasswordAttempt, RefreshToken, Session } from './entities.js';

const SCOPE = platformScope(systemOrigin('session-expiry'));
/** For how long an ended session is kept, for questions about who was signed in. */
const KEPT_FOR = 7 * DAY;

/** Removes sessions that ended long ago. */
@Expires({})
@Injectable()
export class SessionExpiry extends DueKind<Session> {
  readonly kind = 'session';
  protected readonly due: DueItems<Session>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
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
}

/** Removes refresh tokens that could be used no more for long. */
@Expires({})
@Injectable()
export class RefreshTokenExpiry extends DueKind<RefreshToken> {
  readonly kind = 'refresh token';
  protected readonly due: DueItems<RefreshToken>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
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
}

/** Removes counters of failed password attempts that lock no account any more. */
@Expires({})
@Injectable()
export class PasswordAttemptExpiry extends DueKind<PasswordAttempt> {
  readonly kind = 'password attempt';
  protected readonly due: DueItems<PasswordAttempt>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
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
}
