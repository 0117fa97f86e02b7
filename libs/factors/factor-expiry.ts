import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { Factor, FactorChallenge } from './entities.js';

const SCOPE = platformScope(systemOrigin('factor-expiry'));

/** Removes second factors that were not confirmed in time. */
@Expires({})
@Injectable()
export class FactorExpiry extends DueKind<Factor> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'unconfirmed factor',
        scope: SCOPE,
        entity: Factor,
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'second factors that were not confirmed in time',
      }),
    );
  }
}

/** Removes questions for a second factor that were not answered in time. */
@Expires({})
@Injectable()
export class FactorChallengeExpiry extends DueKind<FactorChallenge> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'factor challenge',
        scope: SCOPE,
        entity: FactorChallenge,
        key: 'lookupHash',
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'questions for a second factor that were not answered in time',
      }),
    );
  }
}
