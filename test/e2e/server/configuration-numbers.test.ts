import { afterAll, beforeAll, expect, it } from 'vitest';

import { HOUR, toRfc3339 } from '#core';
import { Tenants } from '#tenants';

import { createIssuer, createKey, createProfile, createService } from '../signing/issuer.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

// Every change that decides what is signed or who is let in raises the number of the tenant's configuration in its own
// transaction: other instances see by it that what they keep in memory is outdated.

let server: TestServer;
let tenant: TestTenant;
let admin: string;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'numbers');
  admin = await server.login();
});
afterAll(() => server.close());

const number = async (): Promise<number> => {
  const scope = {
    actor: { type: 'system' as const, id: 'test', name: 'test' },
    requestId: 'test',
    sourceAddress: null,
  };
  return (await server.server.app.get(Tenants).get({ ...scope, tenantId: tenant.id })).configVersion;
};

const post = (path: string, body?: unknown): Promise<Answer> => server.post(tenant.path + path, body, tenant.owner);
const patch = (path: string, body: unknown): Promise<Answer> => server.patch(tenant.path + path, body, tenant.owner);
const remove = (path: string, body?: unknown): Promise<Answer> => server.delete(tenant.path + path, body, tenant.owner);

/** A service with two active credentials; the paths of itself and of its credentials. */
async function service() {
  const { id } = await createService(server, tenant);
  const path = `/services/${id}`;
  const added = await post(`${path}/credentials`, { authType: 'service_key' });
  return { path, credential: `${path}/credentials/${added.body['id']!}` };
}

async function inactiveCredential(): Promise<string> {
  const { credential } = await service();
  await post(`${credential}/discard`);
  return credential;
}

const key = async (): Promise<{ path: string; kid: string }> => {
  const { keyId, kid } = await createKey(server, tenant, 'ES256');
  return { path: `/keys/${keyId}`, kid };
};

const profile = async (): Promise<string> =>
  `/token-profiles/${await createProfile(server, tenant, { keyId: (await createKey(server, tenant, 'ES256')).keyId })}`;

const later = () => toRfc3339(server.clock.now() + HOUR);

/** What is prepared, and the change itself. */
const CHANGES: Readonly<Record<string, () => Promise<() => Promise<Answer>>>> = {
  'creating a service': async () => () => post('/services', { name: 'new-service', profiles: ['*'] }),
  'changing the grants of a service': async () => {
    const { path } = await service();
    return () => patch(path, { profiles: [] });
  },
  'changing the networks of a service': async () => {
    const { path } = await service();
    return () => patch(path, { allowedCidrs: ['192.0.2.0/24'] });
  },
  'deleting a service': async () => {
    const { path } = await service();
    return () => remove(path, { password: PASSWORD });
  },
  'creating a credential': async () => {
    const { path } = await service();
    return () => post(`${path}/credentials`, { authType: 'jwt' });
  },
  'changing the expiry of a credential': async () => {
    const { credential } = await service();
    return () => patch(credential, { expiresAt: later() });
  },
  'discarding a credential': async () => {
    const { credential } = await service();
    return () => post(`${credential}/discard`);
  },
  'regenerating a credential': async () => {
    const { id } = await createService(server, tenant);
    const path = `/services/${id}/credentials`;
    const { items } = (await server.get(tenant.path + path, tenant.owner)).body;
    return () => post(`${path}/${(items as unknown as Shape[])[0]!['id']!}/regenerate`, {});
  },
  'marking a credential as compromised': async () => {
    const { credential } = await service();
    return () => post(`${credential}/compromise`, {});
  },
  'reactivating a credential': async () => {
    const credential = await inactiveCredential();
    return () => post(`${credential}/reactivate`);
  },
  'deleting a credential': async () => {
    const credential = await inactiveCredential();
    return () => remove(credential, { password: PASSWORD });
  },
  'generating a key': async () => () => post('/keys', { name: 'new-key', algorithm: 'ES256' }),
  'rotating a key': async () => {
    const { path } = await key();
    return () => post(`${path}/rotate`, {});
  },
  'rotating a key immediately': async () => {
    const { path } = await key();
    return () => post(`${path}/rotate`, { immediately: true });
  },
  'marking a key version as compromised': async () => {
    const { path, kid } = await key();
    return () => post(`${path}/versions/${kid}/compromise`, {});
  },
  'retiring a key version': async () => {
    const { path, kid } = await key();
    await post(`${path}/rotate`, {});
    return () => post(`${path}/versions/${kid}/retire`, {});
  },
  'deleting a key': async () => {
    const { path } = await key();
    return () => remove(path, { password: PASSWORD });
  },
  'restoring a key': async () => {
    const { path } = await key();
    await remove(path, { password: PASSWORD });
    return () => post(`${path}/restore`);
  },
  'creating a profile': async () => {
    const { keyId } = await createKey(server, tenant, 'ES256');
    return () => post('/token-profiles', { name: 'new-profile', format: 'jwt', keyId });
  },
  'changing a profile': async () => {
    const path = await profile();
    return () => patch(path, { audience: ['https://other.test'] });
  },
  'deleting a profile': async () => {
    const path = await profile();
    return () => remove(path);
  },
  'changing the tenant': async () => () => patch('', { name: 'Another name' }),
  'suspending and reactivating the tenant': async () => async () => {
    await server.post(`${tenant.path}/suspend`, undefined, { token: admin });
    return server.post(`${tenant.path}/reactivate`, undefined, { token: admin });
  },
};

it.each(Object.entries(CHANGES))('%s raises the number of the configuration', async (_, prepare) => {
  const change = await prepare();
  const before = await number();
  const answer = await change();
  expect([answer.status, answer.text]).toEqual([expect.toSatisfy((status: number) => status < 300), answer.text]);
  expect(await number()).toBeGreaterThan(before);
});

it('issuing tokens does not raise the number: what is kept in memory stays good', async () => {
  const issuer = await createIssuer(server, tenant);
  const before = await number();
  expect((await issuer.sign({})).status).toBe(200);
  expect(await number()).toBe(before);
});

it('what changes by the clock alone raises the number when it is recorded', async () => {
  const { credential } = await service();
  await patch(credential, { expiresAt: later() });
  const { path } = await key();
  await post(`${path}/rotate`, {});
  const before = await number();
  await server.setTime(server.clock.now() + 2 * HOUR);
  await server.runScheduler();
  expect(await number()).toBeGreaterThan(before);
});
