import { type TenantScope, coreErrors } from '#core';
import type { View } from '#database';
import { holdTenant } from '#tenants';

import { callerCredentialOf } from './caller-record.js';
import { requireUsable } from './credential-use.js';
import { Service } from './entities.js';

/**
 * The first step of a service's work: whether its credential may be used at this moment. The row of the tenant is held, for
 * which every change of credentials, services and the tenant waits.
 * @returns the scope with the profiles that the service may use now
 * @throws as `requireUsable`
 */
export async function credentialAuthority(view: View): Promise<TenantScope> {
  const { scope } = view;
  const tenantState = await holdTenant(view, 'shared');
  const service = await usableService(view, scope.actor.credentialId ?? '', {
    tenantState,
    sourceAddress: scope.sourceAddress,
  });
  if (service.id !== scope.actor.id) throw coreErrors.INVALID_CREDENTIALS();
  return { ...scope, grants: service.profiles };
}

/** A step: the service of a credential of the view's tenant. @throws as `requireUsable` */
async function usableService(
  view: View,
  credentialId: string,
  circumstances: {
    readonly tenantState: Parameters<typeof requireUsable>[0]['tenantState'];
    readonly sourceAddress: string | null;
  },
): Promise<Service> {
  const credential = await callerCredentialOf(view, credentialId);
  if (!credential) throw coreErrors.INVALID_CREDENTIALS();
  const service = await view.findOne(Service, { id: credential.serviceId, state: 'active' });
  const { tenantState, sourceAddress } = circumstances;
  return requireUsable({ credential, service, tenantState }, sourceAddress, view.now);
}
