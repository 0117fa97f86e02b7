import { type DomainError, type EpochMilliseconds, coreErrors } from '#core';
import { type TenantState, isAddressAllowed, tenantErrors } from '#tenants';

import { type CredentialState, stateAt } from './lifecycle.js';
import type { Credential, Service } from './entities.js';
import { callerErrors } from './errors.js';

/** What decides whether a credential may be used, once its secret was proven. */
interface CredentialInUse {
  readonly credential: Pick<Credential, 'state' | 'expiresAt' | 'overlapEndsAt'>;
  /** `null` where it is gone. */
  readonly service: Service | null;
  readonly tenantState: TenantState | undefined;
}

const REJECTIONS: Readonly<Record<CredentialState, (() => DomainError) | null>> = {
  active: null,
  inactive: callerErrors.CREDENTIAL_INACTIVE,
  expired: callerErrors.CREDENTIAL_EXPIRED,
  compromised: callerErrors.CREDENTIAL_COMPROMISED,
  deleted: coreErrors.INVALID_CREDENTIALS,
};

/**
 * The service of a credential that may be used now from this address.
 * @throws CREDENTIAL_INACTIVE, CREDENTIAL_EXPIRED, CREDENTIAL_COMPROMISED, INVALID_CREDENTIALS (deleted), TENANT_SUSPENDED,
 *   IP_NOT_ALLOWED
 */
export function requireUsable(
  { credential, service, tenantState }: CredentialInUse,
  sourceAddress: string | null,
  now: EpochMilliseconds,
): Service {
  const rejection = REJECTIONS[stateAt(credential, now)];
  if (rejection) throw rejection();
  if (service?.state !== 'active' || tenantState === undefined || tenantState === 'deleted') {
    throw coreErrors.INVALID_CREDENTIALS();
  }
  if (tenantState === 'suspended') throw tenantErrors.TENANT_SUSPENDED();
  if (!isAddressAllowed(service.allowedCidrs, sourceAddress)) throw callerErrors.IP_NOT_ALLOWED();
  return service;
}
