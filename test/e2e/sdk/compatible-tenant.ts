import { createApiToken } from '../../support/people.js';
import { PASSWORD, type TestServer, type TestTenant } from '../../support/server.js';
import { createKey, createProfile, createService } from '../signing/issuer.js';
import { ORDERS, type ServerOfSdk } from './compatibility.js';

/** Gives a tenant what the tests of compatibility need. */
export async function serverOfSdk(server: TestServer, tenant: TestTenant): Promise<ServerOfSdk> {
  const { keyId } = await createKey(server, tenant, 'ES256');
  return {
    url: server.url,
    tenantId: tenant.id,
    owner: { email: tenant.owner.email, password: PASSWORD },
    apiToken: (await createApiToken(server, tenant, ['services:read'])).token,
    service: await createService(server, tenant),
    profile: await createProfile(server, tenant, { keyId, audience: [ORDERS] }),
    otherProfile: await createProfile(server, tenant, { keyId, audience: ['https://other.example'] }),
  };
}
