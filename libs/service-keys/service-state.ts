import { IsNull, Not, type View } from '#database';
import { isAddressAllowed } from '#tenants';

import { Credential, Service, Trust, WorkloadCredential } from './entities.js';

/** A step: whether a service of the view's reach exists and was not deleted. */
export const isServiceActive = (view: View, serviceId: string): Promise<boolean> =>
  view.exists(Service, { id: serviceId, state: 'active' });

/** A step: the name of a service that was not deleted. @throws NOT_FOUND */
export const activeServiceName = async (view: View, serviceId: string): Promise<string> =>
  (await view.get(Service, { id: serviceId, state: 'active' })).name;

/** A step: whether a credential was ever reported as compromised, whatever became of it since. */
export const isCompromisedCredential = (view: View, credentialId: string): Promise<boolean> =>
  view.exists(Credential, { id: credentialId, compromisedAt: Not(IsNull()) });

/** A step: the trust by which a workload got this credential; `null` for a credential of another kind. */
export const trustOfCredential = async (view: View, credentialId: string): Promise<string | null> =>
  (await view.findOne(WorkloadCredential, { id: credentialId }))?.trustId ?? null;

/** A step: whether a service still accepts the tokens of a trust. */
export const isServiceTrust = (view: View, serviceId: string, trustId: string): Promise<boolean> =>
  view.exists(Trust, { id: trustId, serviceId });

/** A step: whether the networks of an active service contain an address; where it has none, every address is allowed. */
export const isServiceAddress = async (view: View, serviceId: string, address: string | null): Promise<boolean> =>
  isAddressAllowed((await view.get(Service, { id: serviceId, state: 'active' })).allowedCidrs, address);
