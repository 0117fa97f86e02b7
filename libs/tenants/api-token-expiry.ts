import { Injectable } from '@nestjs/common';

import { DAY, type Expirable, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { type DueItems, Expires, purge } from '#scheduler';

import { ApiToken } from './entities.js';

const SCOPE = platformScope(systemOrigin('api-token-expiry'));
/** For how long an API token that has expired is listed. */
const KEPT_FOR = 90 * DAY;

/** Removes API tokens that expired long ago; the history keeps what became of them. */
@Expires({})
@Injectable()
export class ApiTokenExpiry implements Expirable {
  readonly kind = 'API token';
  readonly #old: DueItems<ApiToken>;

  constructor(database: Database) {
    this.#old = purge(database, {
      kind: this.kind,
      scope: SCOPE,
      entity: ApiToken,
      key: 'id',
      where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
      order: [
        ['expiresAt', 'ASC'],
        ['id', 'ASC'],
      ],
      reason: 'API tokens that expired long ago',
    });
  }

  recordDue(limit: number): Promise<number> {
    return this.#old.recordDue(limit);
  }
}
