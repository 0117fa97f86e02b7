import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { ApiToken } from './entities.js';

const SCOPE = platformScope(systemOrigin('api-token-expiry'));
/** For how long an API token that has expired is listed. */
const KEPT_FOR = 90 * DAY;
/** Removes API tokens that expired long ago; the history keeps their events. */
@Expires({})
@Injectable()
export class ApiTokenExpiry extends DueKind<ApiToken> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'API token',
        scope: SCOPE,
        entity: ApiToken,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'API tokens that expired long ago',
        shown: [
          {
            where: (now) => ({ revokedAt: IsNull(), expiresAt: LessThanOrEqual(now) }),
            dueColumn: 'expiresAt',
            happens: 'expires',
          },
        ],
      }),
    );
  }
}
