import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThanOrEqual } from '#database';
import { type DueItems, DueKind, Expires, purge } from '#scheduler';

import { ApiToken } from './entities.js';

const SCOPE = platformScope(systemOrigin('api-token-expiry'));
/** For how long an API token that has expired is listed. */
const KEPT_FOR = 90 * DAY;
const ORDER = [
  ['expiresAt', 'ASC'],
  ['id', 'ASC'],
] as const;

/** Removes API tokens that expired long ago; the history keeps what became of them. */
@Expires({})
@Injectable()
export class ApiTokenExpiry extends DueKind<ApiToken> {
  readonly kind = 'API token';
  protected readonly due: DueItems<ApiToken>;

  constructor(database: Database) {
    super();
    this.due = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: ApiToken,
      key: 'id',
      where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
      order: ORDER,
      reason: 'API tokens that expired long ago',
      shown: [
        {
          where: (now) => ({ revokedAt: IsNull(), expiresAt: LessThanOrEqual(now) }),
          order: ORDER,
          happens: 'expires',
        },
      ],
    });
  }
}
