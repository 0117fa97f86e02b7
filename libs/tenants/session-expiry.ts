import { Injectable } from '@nestjs/common';

import { DAY, type Expirable, platformScope, systemOrigin } from '#core';
import { Database, In, LessThanOrEqual } from '#database';

import { PasswordAttempt, Session } from './entities.js';

const SCOPE = platformScope(systemOrigin('session-expiry'));
/** For how long an ended session is kept, for questions about who was signed in. */
const KEPT_FOR = 7 * DAY;

/** Removes sessions that ended long ago, and counters of password attempts that hold nobody back any more. */
@Injectable()
export class SessionExpiry implements Expirable {
  readonly kind = 'session';

  constructor(private readonly database: Database) {}

  async recordDue(limit: number): Promise<number> {
    return this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('sessions and attempts that are past');
      const sessions = await tx.find(Session, { expiresAt: LessThanOrEqual(tx.now - KEPT_FOR) }, { limit });
      const attempts = await tx.find(PasswordAttempt, { updatedAt: LessThanOrEqual(tx.now - DAY) }, { limit });
      if (sessions.length > 0) await tx.delete(Session, { id: In(sessions.map(({ id }) => id)) });
      if (attempts.length > 0) {
        await tx.delete(PasswordAttempt, { subjectHash: In(attempts.map(({ subjectHash }) => subjectHash)) });
      }
      return Math.max(sessions.length, attempts.length);
    });
  }
}
