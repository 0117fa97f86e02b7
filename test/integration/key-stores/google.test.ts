import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { type AlgorithmName, algorithm, algorithmNames } from '#crypto';
import { KeyStores } from '#key-stores';

import { createProfile, createService } from '../../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { type GoogleKeys, googleKeys } from '../../support/google-keys.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';

const TENANT = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const OTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48';
let places = 0;
const newPlace = (tenantId = TENANT) => ({
  tenantId,
  recordId: `0198d7c4-5a1e-7cc0-8f3a-${String((places += 1)).padStart(12, '0')}`,
});
const DATA = Buffer.from('text');
const CURVE = { algorithm: 'ES256', modulusBits: undefined } as const;

let google: GoogleKeys;
let database: TestDatabase;
let server: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  google = await googleKeys();
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsFile);
  database = await createMigratedDatabase();
  const environment = { CHANCERY_KEY_STORES: `google=${google.uri}`, CHANCERY_KEY_STORE_TENANTS: 'google=*' };
  server = await startTestServer({ database, environment });
  stores = server.server.app.get(KeyStores);
});
afterEach(() => {
  google.refusals.clear();
  google.damaged = 0;
  google.rejectsIdentity = false;
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await google.close();
  vi.unstubAllEnvs();
});

const refuse = (action: string, status: number, code: string, times = Infinity): void =>
  void google.refusals.set(action, {
    answer: [status, { error: { code: status, message: code, status: code } }],
    times,
  });

describe('keys in Google Cloud KMS', () => {
  it.each([
    ['RS256', 2048],
    ['RS512', 4096],
    ['PS256', 2048],
    ['ES256', undefined],
    ['ES384', undefined],
    ['EdDSA', undefined],
  ] as const satisfies (readonly [AlgorithmName, number | undefined])[])(
    'a key of Google Cloud KMS signs by %s, and its destruction is scheduled when it is destroyed',
    async (name, modulusBits) => {
      const place = newPlace();
      const key = await stores.generate('google', place, { algorithm: name, modulusBits });
      expect(await algorithm(name).verify(DATA, await key.sign(name, DATA), key.publicKey)).toBe(true);
      expect([
        await stores.holds('google', place),
        await stores.holds('google', { ...place, tenantId: OTHER }),
      ]).toEqual([true, false]);
      const made = [...google.keys.values()].at(-1)!;
      expect(made).toMatchObject({
        labels: { 'chancery-tenant': place.tenantId, 'chancery-record': place.recordId },
        destroyScheduledDuration: '86400s',
      });
      await Promise.all([stores.destroy('google', place), stores.destroy('google', place)]);
      await stores.destroy('google', place);
      expect(made.state).toBe('DESTROY_SCHEDULED');
      expect(await stores.holds('google', place)).toBe(false);
      await expect(key.sign(name, DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    },
  );

  it('Google Cloud KMS makes no keys for SHA-384 by RSA, for P-521, shared secrets and ML-DSA, nor SHA-512 by short RSA keys', async () => {
    const [state] = await stores.examine();
    expect(algorithmNames.filter((name) => !state!.algorithms!.includes(name))).toEqual([
      'RS384',
      'PS384',
      'ES512',
      'HS256',
      'HS384',
      'HS512',
      'ML-DSA-44',
      'ML-DSA-65',
      'ML-DSA-87',
    ]);
    const short = stores.generate('google', newPlace(), { algorithm: 'RS512', modulusBits: 2048 });
    await expect(short).rejects.toThrow(withCode('KEY_STORE_ALGORITHM'));
  });

  it('what was damaged on its way from Google is asked for again', async () => {
    google.damaged = 1;
    const key = await stores.generate('google', newPlace(), CURVE);
    google.damaged = 1;
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('a key whose answer was lost is made once', async () => {
    refuse('create', 503, 'UNAVAILABLE', 1);
    const key = await stores.generate('google', newPlace(), CURVE);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('a request that Google throttles is repeated within its time limit, and busy after it', async () => {
    const key = await stores.generate('google', newPlace(), CURVE);
    refuse('sign', 429, 'RESOURCE_EXHAUSTED', 2);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
    refuse('sign', 429, 'RESOURCE_EXHAUSTED');
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_BUSY'));
  });

  it('a key that Google failed to make is destroyed already', async () => {
    const place = newPlace();
    await stores.generate('google', place, CURVE);
    [...google.keys.values()].at(-1)!.state = 'GENERATION_FAILED';
    expect(await stores.holds('google', place)).toBe(false);
    await stores.destroy('google', place);
  });

  it('a key of another algorithm or protection that has the name already is not taken over', async () => {
    const place = newPlace();
    await stores.generate('google', place, CURVE);
    const another = stores.generate('google', place, { algorithm: 'ES384', modulusBits: undefined });
    await expect(another).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    Object.assign([...google.keys.values()].at(-1)!, { protectionLevel: 'HSM' });
    await expect(stores.generate('google', place, CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
  });

  it('a message that is longer than Google signs by Ed25519 is refused for its length', async () => {
    const key = await stores.generate('google', newPlace(), { algorithm: 'EdDSA', modulusBits: undefined });
    expect(await key.sign('EdDSA', Buffer.alloc(65_536))).toHaveLength(64);
    await expect(key.sign('EdDSA', Buffer.alloc(65_537))).rejects.toThrow(withCode('KEY_STORE_MESSAGE_TOO_LONG'));
  });

  it('a log-in that Google rejects pauses the store, which signs again when it is accepted', async () => {
    const key = await stores.generate('google', newPlace(), CURVE);
    google.rejectsIdentity = true;
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    google.rejectsIdentity = false;
    const before = google.calls.length;
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(google.calls).toHaveLength(before);
    await expect.poll(() => key.sign('ES256', DATA), { timeout: 10_000 }).toHaveLength(64);
  });

  it('a key that Google denies keeps no other from signing', async () => {
    const [denied, other] = [
      await stores.generate('google', newPlace(), CURVE),
      await stores.generate('google', newPlace(OTHER), CURVE),
    ];
    refuse('sign', 403, 'PERMISSION_DENIED');
    await expect(denied.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    google.refusals.clear();
    expect(await other.sign('ES256', DATA)).toHaveLength(64);
  });
});

describe('tenants with keys in Google Cloud KMS', () => {
  it('tokens of a key in Google Cloud KMS verify with the published keys by another implementation, and a version that leaked is destroyed there', async () => {
    const tenant = await createTenant(server);
    const body = { name: 'partner tokens', algorithm: 'ES256', keyStore: 'google' };
    const created = await server.post(`${tenant.path}/keys`, body, tenant.owner);
    expect(created.status).toBe(201);
    const keyId = created.body['id']!;
    const profile = await createProfile(server, tenant, { keyId });
    const { serviceKey } = await createService(server, tenant);
    const sign = async () => (await server.post(`/v1/sign/${profile}`, {}, { serviceKey })).body;

    const { token, kid } = await sign();
    const jwks = JSON.parse((await server.get(`${tenant.path}/.well-known/jwks.json`)).text) as JSONWebKeySet;
    const { protectedHeader } = await jwtVerify(token!, createLocalJWKSet(jwks), {
      currentDate: new Date(server.clock.now()),
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid });

    const path = `${tenant.path}/keys/${keyId}/versions/${kid}/compromise`;
    expect((await server.post(path, {}, tenant.owner)).status).toBe(200);
    await server.runScheduler();
    const ofTenant = [...google.keys.values()].filter(({ labels }) => labels['chancery-tenant'] === tenant.id);
    expect(ofTenant.map(({ state }) => state)).toEqual(['DESTROY_SCHEDULED', 'ENABLED']);
    expect((await sign()).kid).not.toBe(kid);
  });
});
