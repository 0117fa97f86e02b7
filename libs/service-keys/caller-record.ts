import type { View } from '#database';
import { type TenantState, tenantState } from '#tenants';

import type { AuthType } from './auth-types.js';
import { Credential, Service, Trust, WorkloadCredential } from './entities.js';

/** How a caller proved itself: by a credential of the service, or by one that a workload got in exchange for its own token. */
export type CallerAuthType = AuthType | 'workload';

/** What of a credential decides who calls. */
interface CallerCredential extends Pick<
  Credential,
  'id' | 'tenantId' | 'serviceId' | 'state' | 'expiresAt' | 'overlapEndsAt'
> {
  readonly authType: CallerAuthType;
}

/** A credential with everything else that decides whether it may be used. */
export interface CallerRecord {
  readonly credential: CallerCredential;
  readonly service: Service | null;
  readonly tenantState: TenantState;
}

/** A step: the credential with this id, of whichever kind; `null` where there is none. */
export async function callerCredentialOf(view: View, credentialId: string): Promise<CallerCredential | null> {
  const credential = await view.findOne(Credential, { id: credentialId });
  if (credential) return credential;
  const exchanged = await view.findOne(WorkloadCredential, { id: credentialId });
  return exchanged && exchangedCredentialOf(view, exchanged);
}

/** A step: what a workload got in exchange, with the state that its trust gives it. */
export async function exchangedCredentialOf(
  view: View,
  { id, tenantId, serviceId, trustId, expiresAt }: WorkloadCredential,
): Promise<CallerCredential> {
  // It is worth as much as the trust that it came by.
  const state = (await view.exists(Trust, { id: trustId, serviceId })) ? 'active' : 'deleted';
  return { id, tenantId, serviceId, authType: 'workload', state, expiresAt, overlapEndsAt: null };
}

/** A step: the same with its service and the state of its tenant. */
export async function callerRecordOf(view: View, credentialId: string): Promise<CallerRecord | null> {
  const credential = await callerCredentialOf(view, credentialId);
  if (!credential) return null;
  const service = await view.findOne(Service, { id: credential.serviceId });
  return { credential, service, tenantState: await tenantState(view, credential.tenantId) };
}
