import { Injectable } from '@nestjs/common';

import { platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual, MoreThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { ProviderSignIn } from './entities.js';

const SCOPE = platformScope(systemOrigin('identity-provider-sign-in-expiry'));

/** Removes sign-ins that did not come back from their provider in time. */
@Expires({})
@Injectable()
export class ProviderSignInExpiry extends DueKind<ProviderSignIn> {
  constructor(private readonly database: Database) {
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

  /** One that was completed after the backup must not be completed again. */
  async onRestored(): Promise<void> {
    await this.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('sign-ins at providers of before a restoration');
      await tx.installation.delete(ProviderSignIn, { createdAt: MoreThanOrEqual(0) });
    });
  }
}
