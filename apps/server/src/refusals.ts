import { Injectable } from '@nestjs/common';

import { History } from '#audit';
import {
  type DomainError,
  INSTALLATION_ID,
  type Origin,
  type PlatformScope,
  type TenantScope,
  coreErrors,
  platformScope,
} from '#core';
import { RefusedUses, isRejectedCredential } from '#service-keys';
import { Access, RefusedApiTokens, apiTokenErrors } from '#tenants';

import { actorOf } from './http/principal.js';
import { RefusalLog, type RefusedRequest } from './http/refusal-log.js';

/** What is said of the token, and not of what it asked for. */
const REJECTED_API_TOKEN = [coreErrors.INVALID_CREDENTIALS.code, apiTokenErrors.API_TOKEN_ADDRESS_NOT_ALLOWED.code];

/**
 * Writes refusals into the history that they belong to: that of a tenant only where the caller is a member or a service of
 * it at that moment, otherwise the installation's. So no caller can write into the history of another's tenant.
 */
@Injectable()
export class Refusals extends RefusalLog {
  constructor(
    private readonly history: History,
    private readonly access: Access,
    private readonly refusedUses: RefusedUses,
    private readonly refusedApiTokens: RefusedApiTokens,
  ) {
    super();
  }

  override async record(request: RefusedRequest, error: DomainError): Promise<void> {
    const { method, route, principal } = request;
    if (principal.kind === 'service' && isRejectedCredential(error)) {
      const { tenantId, serviceId, serviceName, credentialId } = principal;
      const { requestId, sourceAddress } = request;
      // The guard accepted it; the transaction of the work found it discarded, expired or compromised since.
      return this.refusedUses.note({
        credential: { id: credentialId, tenantId, serviceId },
        service: { name: serviceName },
        code: error.code,
        requestId,
        sourceAddress,
      });
    }
    if (principal.kind === 'api-token' && REJECTED_API_TOKEN.includes(error.code)) {
      const { tenantId, apiTokenId: id, owner: actor } = principal;
      const { requestId, sourceAddress } = request;
      return this.refusedApiTokens.note({ token: { id, tenantId }, actor, code: error.code, requestId, sourceAddress });
    }
    const { scope, isProven } = await this.placeOf(request);
    // To a member or a service of the tenant, what is absent is merely absent. To others it is a refusal.
    if (error.kind === 'not-found' && isProven) return;
    await this.history.recordRefusal(scope, {
      code: error.code,
      method,
      route,
      targetId: request.target,
      credentialId: request.credentialId,
      kid: request.kid,
    });
  }

  /** The history, and whether the caller was proven to belong there. */
  private async placeOf(
    request: RefusedRequest,
  ): Promise<{ readonly scope: TenantScope | PlatformScope; readonly isProven: boolean }> {
    const { principal, scope, tenant } = request;
    const { requestId, sourceAddress } = request;
    const origin: Origin = { actor: scope?.actor ?? actorOf(principal), requestId, sourceAddress };
    if (principal.kind !== 'user') return { scope: { ...origin, tenantId: principal.tenantId }, isProven: true };
    // A caller who holds a right on the platform works on the installation, whichever tenant the path names.
    const onPlatform = scope?.tenantId === INSTALLATION_ID;
    if (onPlatform || tenant === undefined) return { scope: platformScope(origin), isProven: onPlatform };
    const tenantId = await this.access.tenantOfMember(origin, tenant, principal.userId);
    if (tenantId === undefined) return { scope: platformScope(origin), isProven: false };
    return { scope: { ...origin, tenantId }, isProven: true };
  }
}
