import { generateKeyPairSync } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, type ManualClock } from '#core';

import {
  PASSWORD,
  type Answer,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createAuthority, csrPem, issue } from '../certificates/pki.js';
import { createKey, createProfile, createService, requireCreated } from '../signing/issuer.js';
import { RESELLER_KEY, certify, importKey } from '../vendors/vendor.js';

const ABSENT_ID = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const RESELLER_PEM = RESELLER_KEY.export({ format: 'pem', type: 'pkcs8' }).toString();

let server: TestServer;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  other = await createTenant(server);
});
afterAll(() => server.close());

const post = (path: string, body: object = {}): Promise<Answer> => server.post(tenant.path + path, body, tenant.owner);
const patch = (path: string, body: object): Promise<Answer> => server.patch(tenant.path + path, body, tenant.owner);
const remove = (path: string, body: object = {}): Promise<Answer> =>
  server.delete(tenant.path + path, body, tenant.owner);
const read = async (path: string): Promise<Shape> => (await server.get(tenant.path + path, tenant.owner)).body;

let names = 0;
const uniqueName = (): string => `reference-${++names}`;

describe('the profiles that a service names', () => {
  const unknown = (index: number) => ({
    status: 400,
    body: { code: 'VALIDATION_ERROR', errors: [{ pointer: `/profiles/${index}`, code: 'UNKNOWN_PROFILE' }] },
  });

  it('the profiles that a service names exist when the service is created, in its own tenant', async () => {
    const { keyId } = await createKey(server, tenant, 'ES256');
    const profile = await createProfile(server, tenant, { keyId });
    const foreign = await createProfile(server, other, { keyId: (await createKey(server, other, 'ES256')).keyId });
    expect(await post('/services', { name: uniqueName(), profiles: [profile, 'absent'] })).toMatchObject(unknown(1));
    expect(await post('/services', { name: uniqueName(), profiles: [foreign] })).toMatchObject(unknown(0));
    const created = await post('/services', { name: uniqueName(), profiles: ['*', profile] });
    expect(created).toMatchObject({ status: 201, body: { service: { profiles: ['*', profile] } } });
  });

  it('the profiles that a service names exist when the service is changed', async () => {
    const { keyId } = await createKey(server, tenant, 'ES256');
    const profile = await createProfile(server, tenant, { keyId });
    const { id } = await createService(server, tenant, [profile]);
    expect(await patch(`/services/${id}`, { profiles: ['absent', profile] })).toMatchObject(unknown(0));
    expect((await read(`/services/${id}`))['profiles']).toEqual([profile]);
    expect((await patch(`/services/${id}`, { profiles: [] })).status).toBe(200);
  });
});

describe('the deletion of a profile that services were granted', () => {
  async function grantedProfile(): Promise<{ profile: string; path: string; serviceId: string }> {
    const { keyId } = await createKey(server, tenant, 'ES256');
    const profile = await createProfile(server, tenant, { keyId });
    const { id: serviceId } = await createService(server, tenant, [profile]);
    return { profile, serviceId, path: `/token-profiles/${profile}` };
  }

  it('the deletion of a profile that services were granted is rejected, and the dry run says so with the same code', async () => {
    const { path, serviceId } = await grantedProfile();
    const { name } = await read(`/services/${serviceId}`);
    expect(await remove(`${path}?dryRun=true`)).toMatchObject({
      status: 200,
      body: { allowed: false, code: 'PROFILE_IN_USE', impact: { services: [name] } },
    });
    expect(await remove(path)).toMatchObject({ status: 409, body: { code: 'PROFILE_IN_USE' } });
    expect((await server.get(tenant.path + path, tenant.owner)).status).toBe(200);
  });

  it('the deletion of a profile that services were granted is done by `force` with the password, and withdraws the grants', async () => {
    const { path, profile, serviceId } = await grantedProfile();
    expect(await remove(path, { force: true })).toMatchObject({ status: 401, body: { code: 'PASSWORD_REQUIRED' } });
    const wrong = await remove(path, { force: true, password: 'not the password' });
    expect(wrong).toMatchObject({ status: 403, body: { code: 'PASSWORD_INVALID' } });
    expect((await remove(path, { force: true, password: PASSWORD })).status).toBe(204);
    expect((await read(`/services/${serviceId}`))['profiles']).toEqual([]);
    const { items } = await read(`/audit-events?targetId=${serviceId}&action=service.changed`);
    expect(items).toMatchObject([{ before: { profiles: [profile] }, after: { profiles: [] } }]);
  });

  it('the deletion of a profile that services were granted needs no force once no service names the profile, though one was granted all', async () => {
    const { path, serviceId } = await grantedProfile();
    await createService(server, tenant, ['*']);
    await patch(`/services/${serviceId}`, { profiles: [] });
    expect(await remove(`${path}?dryRun=true`)).toMatchObject({ body: { allowed: true, impact: { services: [] } } });
    expect((await remove(path)).status).toBe(204);
  });
});

describe('the key of a token profile', () => {
  /** Tries the key in a new profile and in an existing one. */
  async function tryKey(keyId: string): Promise<{ status: number; code: string }[]> {
    const existing = await createProfile(server, tenant, { keyId: (await createKey(server, tenant, 'ES256')).keyId });
    const created = await post('/token-profiles', { name: uniqueName(), format: 'jwt', keyId });
    const changed = await patch(`/token-profiles/${existing}`, { keyId });
    return [created, changed].map(({ status, body }) => ({ status, code: body['code']! }));
  }
  const both = (answer: object) => [answer, answer];

  it('the key of a token profile exists, in the tenant of the profile, and is not deleted', async () => {
    const { keyId: deleted } = await createKey(server, tenant, 'ES256');
    expect((await remove(`/keys/${deleted}`, { password: PASSWORD, force: true })).status).toBe(204);
    const { keyId: foreign } = await createKey(server, other, 'ES256');
    for (const keyId of [ABSENT_ID, deleted, foreign]) {
      expect(await tryKey(keyId)).toEqual(both({ status: 404, code: 'NOT_FOUND' }));
    }
  });

  it('the key of a token profile has a version that signs', async () => {
    const { keyId, kid } = await createKey(server, tenant, 'ES256');
    expect((await post(`/keys/${keyId}/versions/${kid}/retire`, { password: PASSWORD, force: true })).status).toBe(200);
    expect(await tryKey(keyId)).toEqual(both({ status: 409, code: 'KEY_NOT_USABLE' }));
  });

  it('the key of a token profile need not sign any more where a change does not name it', async () => {
    const { keyId, kid } = await createKey(server, tenant, 'ES256');
    const profile = await createProfile(server, tenant, { keyId });
    expect((await post(`/keys/${keyId}/versions/${kid}/retire`, { password: PASSWORD, force: true })).status).toBe(200);
    expect((await patch(`/token-profiles/${profile}`, { ttlSeconds: 60 })).status).toBe(200);
  });
});

describe('the certificate of a token profile', () => {
  let keyId: string;
  beforeAll(async () => {
    const file = { algorithm: 'RS256', format: 'pem', data: RESELLER_PEM } as const;
    keyId = (await importKey(server, tenant, file))['id']!;
  });

  const profileWith = (certificateKid: string, more: object = { keyId }): Promise<Answer> =>
    post('/token-profiles', { name: uniqueName(), format: 'xima-licensing', certificateKid, ...more });

  it('the certificate of a token profile is accepted while it is valid and for the key that signs', async () => {
    expect((await profileWith(await certify(server, tenant))).status).toBe(201);
  });

  it.each([
    ['revoked', (kid: string) => post(`/certificates/${kid}/revoke`, { reason: 'superseded' })],
    ['on hold', (kid: string) => post(`/certificates/${kid}/hold`)],
  ])(
    'the certificate of a token profile is rejected where it is %s, in a new profile and in a change',
    async (_state, end) => {
      const good = await certify(server, tenant);
      const { name } = requireCreated(await profileWith(good));
      const kid = await certify(server, tenant);
      expect((await end(kid)).status).toBe(200);
      const refused = { status: 409, body: { code: 'CERTIFICATE_NOT_USABLE' } };
      expect(await profileWith(kid)).toMatchObject(refused);
      expect(await profileWith(kid, {})).toMatchObject(refused);
      expect(await patch(`/token-profiles/${name}`, { certificateKid: kid })).toMatchObject(refused);
    },
  );

  it('the certificate of a token profile is rejected where its service was deleted', async () => {
    const { id: serviceId } = await createService(server, tenant);
    const caId = (await read(`/certificates/${await certify(server, tenant)}`))['caId']!;
    const csr = csrPem('My Awesome Reseller', { key: RESELLER_KEY });
    const { kid } = requireCreated(await post('/certificates', { csr, caId, serviceId }));
    expect((await remove(`/services/${serviceId}`, { password: PASSWORD })).status).toBe(204);
    expect(await profileWith(kid!)).toMatchObject({ status: 409, body: { code: 'CERTIFICATE_NOT_USABLE' } });
  });

  it('the certificate of a token profile exists, and is for the key that signs', async () => {
    expect(await profileWith(ABSENT_ID)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const kid = await certify(server, tenant, privateKey);
    expect(await profileWith(kid)).toMatchObject({ status: 422, body: { code: 'KEY_NOT_OF_CERTIFICATE' } });
    const { name } = requireCreated(await profileWith(await certify(server, tenant)));
    const changed = await patch(`/token-profiles/${name}`, { certificateKid: kid });
    expect(changed).toMatchObject({ status: 422, body: { code: 'KEY_NOT_OF_CERTIFICATE' } });
  });
});

describe('the authority and the service of a certificate', () => {
  it('the authority and the service of a certificate exist and are active', async () => {
    const NOT_FOUND = { status: 404, body: { code: 'NOT_FOUND' } };
    const CA_NOT_USABLE = { status: 409, body: { code: 'CA_NOT_USABLE' } };
    await createAuthority(server, tenant);
    const revoked = await createAuthority(server, tenant);
    expect((await post(`/certificate-authorities/${revoked['id']}/revoke`)).status).toBe(200);
    const { id: foreignCa } = await createAuthority(server, other);
    const { id: deleted } = await createService(server, tenant);
    expect((await remove(`/services/${deleted}`, { password: PASSWORD })).status).toBe(204);
    const { id: foreignService } = await createService(server, other);
    for (const caId of [ABSENT_ID, foreignCa]) expect(await issue(server, tenant, { caId })).toMatchObject(NOT_FOUND);
    expect(await issue(server, tenant, { caId: revoked['id'] })).toMatchObject(CA_NOT_USABLE);
    for (const serviceId of [ABSENT_ID, deleted, foreignService]) {
      expect(await issue(server, tenant, { serviceId })).toMatchObject(NOT_FOUND);
    }
    const authority = { name: uniqueName(), subject: { commonName: 'Intermediate' } };
    for (const parentId of [ABSENT_ID, foreignCa]) {
      expect(await post('/certificate-authorities', { ...authority, parentId })).toMatchObject(NOT_FOUND);
    }
    const underRevoked = await post('/certificate-authorities', { ...authority, parentId: revoked['id'] });
    expect(underRevoked).toMatchObject(CA_NOT_USABLE);
  });
});

// Last: nothing of the tenant that ends by the clock is usable afterwards.
describe('an expired certificate', () => {
  it('an expired certificate is rejected in a token profile', async () => {
    const kid = await certify(server, tenant);
    const clock = server.clock as ManualClock;
    clock.set(Date.parse((await read(`/certificates/${kid}`))['notAfter']!) + DAY);
    const call = { token: await server.login(tenant.owner.email, PASSWORD) };
    const body = { name: uniqueName(), format: 'xima-licensing', certificateKid: kid };
    const refused = await server.post(`${tenant.path}/token-profiles`, body, call);
    expect(refused).toMatchObject({ status: 409, body: { code: 'CERTIFICATE_NOT_USABLE' } });
  });
});
