import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { AcmeAccount, AcmeAuthorization, AcmeBinding, AcmeNonce, AcmeOrder } from './entities.js';

// The history has what became of them; the certificates are in the inventory.

const SCOPE = platformScope(systemOrigin('acme-purge'));
/** For so long what has ended is kept: clients may still ask for the certificate of an order. */
const KEPT_FOR = 90 * DAY;

/** Removes the nonces that were used and would be rejected by their age. */
@Expires({})
@Injectable()
export class AcmeNoncePurge extends DueKind<AcmeNonce> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME nonce',
        scope: SCOPE,
        entity: AcmeNonce,
        where: (now) => ({ expiresAt: LessThanOrEqual(now) }),
        dueColumn: 'expiresAt',
        reason: 'nonces of ACME that have expired',
      }),
    );
  }
}

/** Removes the bindings that can bind no account any more. */
@Expires({})
@Injectable()
export class AcmeBindingPurge extends DueKind<AcmeBinding> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME binding',
        scope: SCOPE,
        entity: AcmeBinding,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'bindings of ACME accounts that expired long ago',
      }),
    );
  }
}

/** Removes the accounts that were deactivated or revoked. */
@Expires({})
@Injectable()
export class AcmeAccountPurge extends DueKind<AcmeAccount> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ended ACME account',
        scope: SCOPE,
        entity: AcmeAccount,
        where: (now) => ({ endedAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'endedAt',
        reason: 'ACME accounts that ended long ago',
      }),
    );
  }
}

/** Removes old orders. */
@Expires({})
@Injectable()
export class AcmeOrderPurge extends DueKind<AcmeOrder> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME order',
        scope: SCOPE,
        entity: AcmeOrder,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'ACME orders that ended long ago',
      }),
    );
  }
}

/** Removes old authorizations. */
@Expires({})
@Injectable()
export class AcmeAuthorizationPurge extends DueKind<AcmeAuthorization> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME authorization',
        scope: SCOPE,
        entity: AcmeAuthorization,
        where: (now) => ({ expiresAt: LessThanOrEqual(now - KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'ACME authorizations that ended long ago',
      }),
    );
  }
}
