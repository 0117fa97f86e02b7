import { Injectable } from '@nestjs/common';

import { History } from '#audit';
import { type DomainError, type Origin, type PlatformScope, type TenantScope, platformScope } from '#core';
import { Access } from '#tenants';

import { actorOf } from './http/principal.js';
import { RefusalLog, type RefusedRequest } from './http/refusal-log.js';

/** Writes refusals into the history that they belong to. */
@Injectable()
export class Refusals extends RefusalLog {
  constructor(
    private readonly history: History,
    private readonly access: Access,
  ) {
    super();
  }

  override async record(request: RefusedRequest, error: DomainError): Promise<void> {
    const { method, route, principal } = request;
    // What is merely absent is no refusal, unless somebody knocked at a tenant that is not theirs.
    if (error.kind === 'not-found' && (request.scope || principal.kind === 'service')) return;
    const scope = request.scope ?? (await this.scopeOf(request, error));
    await this.history.recordRefusal(scope, { code: error.code, method, route, targetId: request.target });
  }

  /** A member who lacks the permission is refused in the tenant; a stranger, in the installation's history. */
  private async scopeOf(request: RefusedRequest, error: DomainError): Promise<TenantScope | PlatformScope> {
    const { principal, requestId, sourceAddress, tenant } = request;
    const origin: Origin = { actor: actorOf(principal), requestId, sourceAddress };
    if (principal.kind === 'service') return { ...origin, tenantId: principal.tenantId };
    if (tenant === undefined || error.kind === 'not-found') return platformScope(origin);
    return { ...origin, tenantId: await this.access.tenantId(origin, tenant) };
  }
}
