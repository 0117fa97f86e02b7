import { IsNull, Not, type View } from '#database';

import { Credential, Service } from './entities.js';

/** A step: whether a service of the view's reach exists and was not deleted. */
export const isServiceActive = (view: View, serviceId: string): Promise<boolean> =>
  view.exists(Service, { id: serviceId, state: 'active' });

/** A step: the name of a service that was not deleted. @throws NOT_FOUND */
export const activeServiceName = async (view: View, serviceId: string): Promise<string> =>
  (await view.get(Service, { id: serviceId, state: 'active' })).name;

/** A step: whether a credential was ever reported as compromised, whatever became of it since. */
export const isCompromisedCredential = (view: View, credentialId: string): Promise<boolean> =>
  view.exists(Credential, { id: credentialId, compromisedAt: Not(IsNull()) });
