import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { ProviderSignIn } from './entities.js';

const SCOPE = platformScope(systemOrigin('identity-provider-sign-in-expiry'));

/** Removes sign-ins that did not come back from their provider in time. */
@Expires({})
@Injectable()
export class ProviderSignInExpiry extends DueKind<ProviderSignIn> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'identity provider sign-in',
        scope: SCOPE,
        entity: ProviderSignIn,
        key: 'lookupHash',
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'sign-ins that did not come back from their provider in time',
      }),
    );
  }
}
