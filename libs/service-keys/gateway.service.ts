import { Injectable } from '@nestjs/common';

import { DomainError, type EventDraft, type TenantScope } from '#core';
import { Database, bothOf } from '#database';

import { type AuthenticatedService, Authenticator } from './authenticator.js';
import { CallerDirectory, type CredentialOwner } from './caller-directory.js';
import type { CallerFacts } from './caller-facts.js';
import { credentialEvents } from './events.js';

/** Identifies the sender of a request, for a gateway in front of another API. */
export interface GatewayVerdict {
  readonly caller: AuthenticatedService | undefined;
  /** `OK`, or the code that the caller would have got here. */
  readonly code: string;
}

type Rejected = GatewayVerdict & { readonly caller: undefined };

/** Authenticates credentials on behalf of gateways of the same tenant. */
@Injectable()
export class Gateway {
  constructor(
    private readonly database: Database,
    private readonly callers: CallerDirectory,
    private readonly authenticator: Authenticator,
  ) {}

  /**
   * Authenticates the credentials of another request. Credentials of other tenants are unknown here. That they were
   * accepted is durable before the answer; a rejection costs no write, or unauthenticated callers could fill the history.
   * @throws AUDIT_UNAVAILABLE; never for bad credentials
   */
  async authenticate(scope: TenantScope, facts: CallerFacts): Promise<GatewayVerdict> {
    const shown = { ...facts, tenantId: scope.tenantId };
    const introduced = await this.attempt(async () => this.authenticator.introduce(shown, scope));
    return this.database.commit(scope, async () => {
      const gateway = await this.callers.present(scope);
      const verdict = 'code' in introduced ? introduced : await this.verdict(scope, shown, introduced.result);
      const { caller } = verdict;
      if (!caller) return { basis: gateway.basis, finish: () => ({ result: verdict, events: [] }) };
      const events = [accepted(caller.credentialId, caller.service.id)];
      return { basis: bothOf(gateway.basis, caller.basis), finish: () => ({ result: verdict, events }) };
    });
  }

  /** Records that a gateway was told to let the calling service in. */
  async recordAcceptance(scope: TenantScope, credentialId: string, serviceId: string): Promise<void> {
    await this.database.commit(scope, async () => {
      const { basis } = await this.callers.present(scope);
      const events = [accepted(credentialId, serviceId)];
      return { basis, finish: () => ({ result: undefined, events }) };
    });
  }

  private async verdict(
    scope: TenantScope,
    shown: CallerFacts,
    owner: CredentialOwner | undefined,
  ): Promise<GatewayVerdict> {
    const attempt = await this.attempt(async () =>
      this.authenticator.authenticate(shown, scope, { confirmed: false, owner }),
    );
    return 'code' in attempt ? attempt : { caller: attempt.result, code: 'OK' };
  }

  private async attempt<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result } | Rejected> {
    try {
      return { result: await work() };
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      return { caller: undefined, code: error.code };
    }
  }
}

const accepted = (credentialId: string, serviceId: string): EventDraft =>
  credentialEvents.accepted(credentialId, { credentialId, details: { serviceId } });
