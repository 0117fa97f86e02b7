import { Injectable } from '@nestjs/common';

import { DomainError, type TenantScope } from '#core';
import { Database } from '#database';

import { type AuthenticatedService, Authenticator } from './authenticator.js';
import type { CallerFacts } from './caller-facts.js';
import { credentialEvents } from './events.js';

/** The answer to "who sent this request?", for a gateway in front of somebody else's API. */
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
   * Judges the credentials of somebody else's request. Credentials of other tenants are unknown here. That they were
   * accepted is durable before the answer; a refusal costs no write, or anybody could fill the history.
   * @throws AUDIT_UNAVAILABLE; never for bad credentials
   */
  async judge(scope: TenantScope, facts: CallerFacts): Promise<GatewayVerdict> {
    try {
      const caller = await this.authenticator.authenticate({ ...facts, tenantId: scope.tenantId }, scope);
      await this.recordAcceptance(scope, caller);
      return { caller, code: 'OK' };
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      return { caller: undefined, code: error.code };
    }
  }

  /** Writes down that a gateway was told to let the caller in. */
  async recordAcceptance(
    scope: TenantScope,
    {
      credentialId,
      service,
    }: Pick<AuthenticatedService, 'credentialId'> & { readonly service: { readonly id: string } },
  ): Promise<void> {
    await this.database.transaction(scope, async (tx) =>
      tx.record(credentialEvents.accepted(credentialId, { credentialId, details: { serviceId: service.id } })),
    );
  }
}
