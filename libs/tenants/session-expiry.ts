import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { PasswordAttempt, RefreshToken, Session } from './entities.js';

const SCOPE = platformScope(systemOrigin('session-expiry'));
/** For how long an ended session is kept, to show who was signed in. */
const KEPT_FOR = 7 * DAY;

/** Removes sessions that ended long ago. */
@Expires({})
@Injectable()
export class SessionExpiry extends DueKind<Session> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'session',
        scope: SCOPE,
        entity: Session,
        where: (now) => ({ renewableUntil: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'renewableUntil',
        reason: 'sessions that ended long ago',
      }),
    );
  }
}

/** Removes refresh tokens that expired long ago. */
@Expires({})
@Injectable()
export class RefreshTokenExpiry extends DueKind<RefreshToken> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'refresh token',
        scope: SCOPE,
        entity: RefreshToken,
        key: 'lookupHash',
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'refresh tokens that ended long ago',
      }),
    );
  }
}

/** Removes counters of failed password attempts that no longer lock an account. */
@Expires({})
@Injectable()
export class PasswordAttemptExpiry extends DueKind<PasswordAttempt> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'password attempt',
        scope: SCOPE,
        entity: PasswordAttempt,
        key: 'subjectHash',
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'counters of failed password attempts',
      }),
    );
  }
}
