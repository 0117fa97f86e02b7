import { Injectable } from '@nestjs/common';

import { DAY, platformScope, systemOrigin } from '#core';
import { Database, IsNull, LessThanOrEqual } from '#database';
import { DueKind, Expires, purge } from '#scheduler';

import { AcmeAccount, AcmeAuthorization, AcmeBinding, AcmeNonce, AcmeOrder } from './entities.js';

// The history has what became of them; the certificates are in the inventory.

const SCOPE = platformScope(systemOrigin('acme-purge'));
/** How long bindings and accounts that have ended are kept. */
const KEPT_FOR = 90 * DAY;
/** How long a client can read how an order ended that has no certificate. */
const ORDER_KEPT_FOR = 7 * DAY;

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

/** Removes orders that have no certificate. */
@Expires({})
@Injectable()
export class AcmeOrderPurge extends DueKind<AcmeOrder> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME order',
        scope: SCOPE,
        entity: AcmeOrder,
        where: (now) => ({ certificateEndsAt: IsNull(), expiresAt: LessThanOrEqual(now - ORDER_KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'ACME orders without a certificate that ended long ago',
      }),
    );
  }
}

/** Removes orders whose certificate has expired: until then their addresses answer (RFC 8555 §7.4.2). */
@Expires({})
@Injectable()
export class AcmeCertifiedOrderPurge extends DueKind<AcmeOrder> {
  constructor(database: Database) {
    super(
      purge(database, {
        kind: 'ACME order of an expired certificate',
        scope: SCOPE,
        entity: AcmeOrder,
        where: (now) => ({ certificateEndsAt: LessThanOrEqual(now) }),
        dueColumn: 'certificateEndsAt',
        reason: 'ACME orders whose certificate has expired',
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
        where: (now) => ({ expiresAt: LessThanOrEqual(now - ORDER_KEPT_FOR) }),
        dueColumn: 'expiresAt',
        reason: 'ACME authorizations that ended long ago',
      }),
    );
  }
}
