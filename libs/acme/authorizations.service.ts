import { Injectable } from '@nestjs/common';

import { Counters, MINUTE, type TenantScope, coreErrors } from '#core';
import { Database, type Tx } from '#database';

import { type ChallengeKindName, isChallengeKind } from './challenge-kinds/index.js';
import { challengesOf } from './challenges.js';
import { AcmeAuthorization, AcmeOrder } from './entities.js';
import { acmeErrors } from './errors.js';
import { acmeAuthorizationLifecycle, acmeOrderLifecycle } from './lifecycle.js';
import type { AccountRequest } from './requests.service.js';

/** Validations that a tenant may ask for within a minute. */
const VALIDATIONS_PER_MINUTE = 300;

/** The authorizations of orders and their challenges, as clients see and answer them (RFC 8555 §7.5). */
@Injectable()
export class AcmeAuthorizations {
  constructor(
    private readonly database: Database,
    private readonly counters: Counters,
  ) {}

  /**
   * An authorization, which the payload can deactivate (§7.5.2).
   * @throws NOT_FOUND, also for one of another account; ACME_MALFORMED, WRONG_STATE
   */
  async getOrDeactivate(request: AccountRequest, id: string): Promise<AcmeAuthorization> {
    const { scope, payload } = request;
    const own = await this.get(request, id);
    if (payload === undefined) return own;
    if (payload['status'] !== 'deactivated') {
      throw acmeErrors.ACME_MALFORMED('The status of an authorization can be changed to deactivated only');
    }
    return this.database.transaction(scope, async (tx) => {
      const order = await tx.lock(AcmeOrder, { id: own.orderId });
      const row = await tx.lock(AcmeAuthorization, { id });
      const after = await tx.transition(AcmeAuthorization, row, acmeAuthorizationLifecycle.event.deactivate, {
        set: { dueAt: null },
      });
      await failOrder(tx, order);
      return after;
    });
  }

  /**
   * Answers a challenge: its validation is due from now on. Answering it again changes nothing (§7.5.1).
   * @throws NOT_FOUND, also for one of another account or kind; ACME_MALFORMED, ACME_RATE_LIMITED
   */
  async answer(request: AccountRequest, id: string, type: string): Promise<AcmeAuthorization> {
    const { scope, payload } = request;
    const own = await this.get(request, id);
    const offered = challengesOf(own, this.database.now()).find((challenge) => challenge.type === type);
    if (!offered || !isChallengeKind(type)) throw coreErrors.NOT_FOUND();
    if (payload === undefined || offered.state !== 'pending') return own;
    if (own.challenge !== null) throw acmeErrors.ACME_MALFORMED('Another challenge of the authorization is validated');
    await this.admit(scope);
    return this.begin(scope, own, type);
  }

  /** @throws NOT_FOUND */
  private async get({ account, scope }: AccountRequest, id: string): Promise<AcmeAuthorization> {
    return this.database.read(scope, async (view) => {
      const row = await view.get(AcmeAuthorization, { id, accountId: account.id });
      return { ...row, state: acmeAuthorizationLifecycle.stateAt(row, view.now) };
    });
  }

  private async begin(
    scope: TenantScope,
    { id }: AcmeAuthorization,
    challenge: ChallengeKindName,
  ): Promise<AcmeAuthorization> {
    return this.database.transaction(scope, async (tx) => {
      tx.housekeeping('the outcome of a validation is recorded, not its beginning');
      const row = await tx.lock(AcmeAuthorization, { id });
      // Another request has answered meanwhile.
      if (row.challenge !== null || acmeAuthorizationLifecycle.stateAt(row, tx.now) !== 'pending') return row;
      const set = { challenge, dueAt: tx.now };
      await tx.note(AcmeAuthorization, { id }, set);
      return { ...row, ...set };
    });
  }

  /** @throws ACME_RATE_LIMITED */
  private async admit({ tenantId }: TenantScope): Promise<void> {
    const window = await this.counters.increment(`acme-validations:${tenantId}`, MINUTE, VALIDATIONS_PER_MINUTE);
    if (window.isBlocked) throw acmeErrors.ACME_RATE_LIMITED({ retryAfterSeconds: window.timeToExpire });
  }
}

/** A step: the order of an authorization that ended, unless it has ended by itself. @param order locked */
export async function failOrder(tx: Tx, order: AcmeOrder): Promise<void> {
  const current = await tx.applyDue(AcmeOrder, order);
  if (acmeOrderLifecycle.event.fail.from.includes(current.state)) {
    await tx.transition(AcmeOrder, current, acmeOrderLifecycle.event.fail);
  }
}
