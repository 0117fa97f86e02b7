import { type ChanceryClient, createClient, dataOf, serviceKey } from '#sdk';

import { credentialsOf } from './credentials.js';
import { client } from './server.js';

/**
 * A client that calls as a service does, to try what the service would get. Its service key is revealed for that, which the
 * history records, and is kept only as long as the client.
 *
 * @throws ChanceryError where the role does not permit to reveal, or the settings of the tenant do not
 * @throws Error where the service has no active service key
 */
export async function asService(tenantId: string, serviceId: string): Promise<ChanceryClient> {
  const { items } = await dataOf(
    client.GET('/v1/tenants/{tenantId}/services/{serviceId}/credentials', {
      params: { path: { tenantId, serviceId }, query: { authType: 'service_key', state: 'active' } },
    }),
  );
  const [credential] = items;
  if (credential === undefined) throw new Error('The service has no active service key');
  const secret = await credentialsOf(tenantId, serviceId).reveal(credential);
  return createClient({ baseUrl: window.location.origin, credentials: serviceKey(secret) });
}
