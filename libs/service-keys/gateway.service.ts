import { Injectable } from '@nestjs/common';

import { DomainError, type TenantScope } from '#core';
import { Database, type Tx } from '#database';

import { type AuthenticatedService, Authenticator } from './authenticator.js';
import { usableService } from './authority.js';
import type { CallerFacts } from './caller-facts.js';
import { credentialEvents } from './events.js';

/** Identifies the sender of a request, for a gateway in front of another API. */
export interface GatewayVerdict {
  readonly caller: AuthenticatedService | undefined;
  /** `OK`, or the code that the caller would have got here. */
  readonly code: string;
}

/** Judges credentials on behalf of gateways of the same tenant. */
@Injectable()
export class Gateway {
  constructor(
    private readonly database: Database,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * Authenticates the credentials of another request. Credentials of other tenants are unknown here. That they were
   * accepted is durable before the answer; a rejection costs no write, or unauthenticated callers could fill the history.
   * @throws AUDIT_UNAVAILABLE; never for bad credentials
   */
  async judge(scope: TenantScope, facts: CallerFacts): Promise<GatewayVerdict> {
    const rejected = (error: unknown): GatewayVerdict => {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      return { caller: undefined, code: error.code };
    };
    const { sourceAddress } = facts;
    let caller: AuthenticatedService;
    try {
      caller = await this.authenticator.authenticate({ ...facts, tenantId: scope.tenantId }, scope);
    } catch (error) {
      return rejected(error);
    }
    return this.database.transaction(scope, async (tx) => {
      try {
        // What was discarded since then is not accepted. The tenant is active, or the gateway itself had been rejected.
        await usableService(tx, caller.credentialId, { tenantState: 'active', sourceAddress });
      } catch (error) {
        return rejected(error);
      }
      recordAcceptance(tx, caller.credentialId, caller.service.id);
      return { caller, code: 'OK' };
    });
  }

  /** Records that a gateway was told to let the calling service in. */
  async recordAcceptance(scope: TenantScope, credentialId: string, serviceId: string): Promise<void> {
    await this.database.transaction(scope, async (tx) => recordAcceptance(tx, credentialId, serviceId));
  }
}

function recordAcceptance(tx: Tx, credentialId: string, serviceId: string): void {
  tx.record(credentialEvents.accepted(credentialId, { credentialId, details: { serviceId } }));
}
