import { randomUUID } from 'node:crypto';

import { createProfile, createService, requireCreated } from '../../e2e/signing/issuer.js';
import type { Answer, Call, Shape, TestServer, TestTenant } from '../../support/server.js';

/** Two tenants whose keys no row knows. */
export const [TENANT, OTHER] = [
  '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47',
  '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48',
] as const;
export const CURVE = { algorithm: 'ES256', modulusBits: undefined } as const;
export const EDWARDS = { algorithm: 'EdDSA', modulusBits: undefined } as const;
export const DATA = Buffer.from('text');

let places = 0;

/** Where a store has nothing yet. */
export const newPlace = (tenantId: string = TENANT) => ({
  tenantId,
  recordId: `0198d7c4-5a1e-7cc0-8f3a-${String((places += 1)).padStart(12, '0')}`,
});

/** A key of a tenant in a key store. */
export async function createStoredKey(server: TestServer, tenant: TestTenant, keyStore: string | undefined, body = {}) {
  const wanted = { name: randomUUID(), algorithm: 'ES256', keyStore, ...body };
  const { id } = requireCreated(await server.post(`${tenant.path}/keys`, wanted, tenant.owner));
  return { keyId: id!, path: `${tenant.path}/keys/${id}` };
}

/** The same with a profile that signs with it, and a service that may. */
export async function createSigner(...[server, tenant, keyStore, body]: Parameters<typeof createStoredKey>) {
  const key = await createStoredKey(server, tenant, keyStore, body);
  const profile = await createProfile(server, tenant, { keyId: key.keyId });
  const caller: Call = { serviceKey: (await createService(server, tenant)).serviceKey };
  const sign = (instance = server): Promise<Answer> => instance.post(`/v1/sign/${profile}`, {}, caller);
  return { ...key, profile, caller, sign };
}

/** How many versions of a key its store still has to have. */
export async function livingVersions(server: TestServer, { owner }: TestTenant, path: string): Promise<number> {
  const { versions } = (await server.get(path, owner)).body;
  return (versions as unknown as Shape[]).filter(({ state }) => !['compromised', 'destroyed'].includes(state!)).length;
}
