import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type JSONWebKeySet, createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { type AlgorithmName, algorithm, algorithmNames } from '#crypto';
import { KeyStores } from '#key-stores';

import { CALL_MILLISECONDS } from '../../../libs/key-stores/cloud-call.js';
import { type StorePlace, placeName } from '../../../libs/key-stores/key-store.js';

import { PAUSE_MILLISECONDS } from '../../../libs/key-stores/store-health.js';
import { awsKeys, awsRefusal } from '../../support/aws-keys.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { googleKeys, googleRefusal } from '../../support/google-keys.js';
import { awsEnvironment } from '../../support/key-services.js';
import { passTime } from '../../support/passed-time.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { createToken, softHsm } from '../../support/token.js';
import { transitKeys } from '../../support/transit-keys.js';
import { CURVE, DATA, EDWARDS, OTHER, createSigner, livingVersions, newPlace } from './stored-key.js';

/** What is special to a kind of store: the tests are the same for all. */
interface Sample {
  readonly title: string;
  /** For `CHANCERY_KEY_STORES`. */
  readonly uri: string;
  readonly signsBy: readonly (readonly [name: AlgorithmName, modulusBits?: number])[];
  readonly makesNoneFor: readonly AlgorithmName[];
  /** Looks at a new key in the service; what it returns looks at it after it was destroyed. */
  readonly watch?: (place: StorePlace) => () => void;
  /** How many keys of a tenant can sign. */
  readonly living: (tenantId: string) => number | Promise<number>;
  /** The longest message that is signed by Ed25519, where there is a bound. */
  readonly messageBytesMax?: number;
  /** What the service was asked for. */
  readonly calls?: readonly string[];
  /** Why it signs with one key no more. */
  readonly denials?: Readonly<Record<string, (place: StorePlace) => void>>;
  /** It does not answer, or accepts no log-in: begins and ends. */
  readonly outage?: readonly [begin: () => void, end: () => void];
  /** It is asked too often, so many times; each of the answers takes that long. */
  readonly throttle?: (times: number, milliseconds: number) => void;
}

for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
const [aws, google, engine] = [await awsKeys(), await googleKeys(), await transitKeys()];
vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsFile);
const pinFile = join(tmpdir(), `pin-${randomUUID()}`);
if (softHsm !== undefined) writeFileSync(pinFile, createToken('stores').pin!.reveal());

const awsKeyAt = (place: StorePlace) => aws.keys.get(aws.aliases.get(`alias/${placeName(place)}`) ?? '');
const googleKeysOf = (tenantId: string) =>
  [...google.keys.values()].filter(({ labels }) => labels['chancery-tenant'] === tenantId);
const countOf = (names: Iterable<string>, tenantId: string): number =>
  [...names].filter((name) => name.includes(`chancery-${tenantId}-`)).length;

const SHARED_SECRETS = ['HS256', 'HS384', 'HS512'] as const;
const ML_DSA = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const;

const samples: Readonly<Record<string, Sample>> = {
  aws: {
    title: 'AWS KMS',
    uri: aws.uri,
    signsBy: [
      ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const).map((name) => [name, 2048] as const),
      ...([['ES256'], ['ES384'], ['ES512'], ['EdDSA']] as const),
    ],
    makesNoneFor: [...SHARED_SECRETS, ...ML_DSA],
    watch: (place) => {
      const made = awsKeyAt(place)!;
      expect(made.tags.map(({ TagValue }) => TagValue)).toEqual([place.tenantId, place.recordId]);
      return () => {
        expect(made).toMatchObject({ state: 'PendingDeletion', deletionDays: 7 });
        expect(awsKeyAt(place)).toBeUndefined();
      };
    },
    living: (tenantId) => countOf(aws.aliases.keys(), tenantId),
    messageBytesMax: 4_096,
    calls: aws.calls,
    denials: {
      'that AWS denies': () => aws.refusals.set('Sign', awsRefusal('AccessDeniedException'), 1),
      'that is disabled': () => aws.refusals.set('Sign', awsRefusal('DisabledException'), 1),
    },
    outage: [() => aws.refusals.set('Sign', awsRefusal('ExpiredTokenException')), () => aws.refusals.clear()],
    throttle: (...cost) => aws.refusals.set('Sign', awsRefusal('ThrottlingException'), ...cost),
  },
  google: {
    title: 'Google Cloud KMS',
    uri: google.uri,
    signsBy: [['RS256', 2048], ['RS512', 4096], ['PS256', 2048], ['ES256'], ['ES384'], ['EdDSA']],
    makesNoneFor: ['RS384', 'PS384', 'ES512', ...SHARED_SECRETS, ...ML_DSA],
    watch: (place) => {
      const made = [...google.keys.values()].at(-1)!;
      expect(made).toMatchObject({
        labels: { 'chancery-tenant': place.tenantId, 'chancery-record': place.recordId },
        destroyScheduledDuration: '86400s',
      });
      return () => expect(made.state).toBe('DESTROY_SCHEDULED');
    },
    living: (tenantId) => googleKeysOf(tenantId).filter(({ state }) => state === 'ENABLED').length,
    messageBytesMax: 65_536,
    calls: google.calls,
    denials: { 'that Google denies': () => google.refusals.set('sign', googleRefusal(403, 'PERMISSION_DENIED'), 1) },
    outage: [() => (google.rejectsIdentity = true), () => (google.rejectsIdentity = false)],
    throttle: (...cost) => google.refusals.set('sign', googleRefusal(429, 'RESOURCE_EXHAUSTED'), ...cost),
  },
  transit: {
    title: 'a transit engine',
    uri: engine.uri,
    signsBy: [
      ...(['RS256', 'PS256', 'PS384', 'PS512'] as const).map((name) => [name, 2048] as const),
      ...([['ES256'], ['ES384'], ['ES512'], ['EdDSA']] as const),
    ],
    makesNoneFor: [...SHARED_SECRETS, ...ML_DSA],
    watch: (place) => {
      expect(engine.keys.has(placeName(place))).toBe(true);
      return () => expect(engine.keys.has(placeName(place))).toBe(false);
    },
    living: (tenantId) => countOf(engine.keys.keys(), tenantId),
    calls: engine.calls,
    denials: { 'that is missing in its engine': (place) => engine.keys.delete(placeName(place)) },
    outage: [() => (engine.fail = true), () => (engine.fail = false)],
  },
  // Where it is installed, as continuous integration does.
  ...(softHsm !== undefined && {
    hsm: {
      title: 'SoftHSM',
      uri: `pkcs11:token=stores?module-path=${softHsm}&pin-source=file:${pinFile}`,
      signsBy: [['RS256', 2048], ['PS384', 2048], ['ES256'], ['ES384'], ['ES512'], ['EdDSA']],
      makesNoneFor: [...SHARED_SECRETS, ...ML_DSA],
      living: async (tenantId) => (await stores.list('hsm'))!.filter((place) => place.tenantId === tenantId).length,
    },
  }),
};

const environment = {
  CHANCERY_KEY_STORES: Object.entries(samples)
    .map(([name, { uri }]) => `${name}=${uri}`)
    .join(),
  CHANCERY_KEY_STORE_TENANTS: Object.keys(samples)
    .map((name) => `${name}=*`)
    .join(),
};
let database: TestDatabase;
let server: TestServer;
let another: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ database, environment });
  another = await startTestServer({ database, environment, clock: server.clock });
  stores = server.server.app.get(KeyStores);
});
afterEach(() => {
  aws.refusals.clear();
  google.refusals.clear();
});
afterAll(async () => {
  await Promise.all([server.close(), another.close()]);
  await database.drop();
  await Promise.all([aws, google, engine].map((service) => service.close()));
  rmSync(pinFile, { force: true });
  vi.unstubAllEnvs();
});

/** The samples that have something, with it. */
const having = <Name extends keyof Sample>(name: Name) =>
  Object.entries(samples).flatMap(([store, sample]) => {
    const special = sample[name];
    return special === undefined ? [] : [{ ...sample, store, special: special as NonNullable<Sample[Name]> }];
  });
const all = having('title');

describe('key stores', () => {
  // Where it is not installed, this says that the file has more tests.
  it.skipIf(softHsm === undefined)('SoftHSM is one of the key stores that have the same tests', () => {
    expect(all.map(({ title }) => title)).toContain('SoftHSM');
  });

  it.each(all.flatMap(({ signsBy, ...row }) => signsBy.map(([name, modulusBits]) => ({ ...row, name, modulusBits }))))(
    'a key of $title signs by $name, and no more after it was destroyed by two instances at the same time',
    async ({ store, name, modulusBits, watch }) => {
      const place = newPlace();
      const key = await stores.generate(store, place, { algorithm: name, modulusBits });
      expect(await algorithm(name).verify(DATA, await key.sign(name, DATA), key.publicKey)).toBe(true);
      const holds = (tenantId: string): Promise<boolean> => stores.holds(store, { ...place, tenantId });
      expect([await holds(place.tenantId), await holds(OTHER)]).toEqual([true, false]);
      const lookAgain = watch?.(place);
      await Promise.all([stores.destroy(store, place), stores.destroy(store, place)]);
      await stores.destroy(store, place);
      lookAgain?.();
      expect(await holds(place.tenantId)).toBe(false);
      await expect(key.sign(name, DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    },
  );

  it.each(all)('$title makes no keys for algorithms that it does not sign by', async ({ store, makesNoneFor }) => {
    const [state] = await stores.examine([store]);
    expect(algorithmNames.filter((name) => !state!.algorithms!.includes(name))).toEqual(
      algorithmNames.filter((name) => makesNoneFor.includes(name)),
    );
  });

  it.each(having('messageBytesMax'))(
    'a message that is longer than $title signs by Ed25519 is refused for its length',
    async ({ store, special: longest }) => {
      const key = await stores.generate(store, newPlace(), EDWARDS);
      expect(await key.sign('EdDSA', Buffer.alloc(longest))).toHaveLength(64);
      const refused = key.sign('EdDSA', Buffer.alloc(longest + 1));
      await expect(refused).rejects.toThrow(withCode('KEY_STORE_MESSAGE_TOO_LONG'));
    },
  );

  it.each(
    having('denials').flatMap(({ special, ...row }) =>
      Object.entries(special).map(([why, deny]) => ({ ...row, why, deny })),
    ),
  )('a key of $title $why keeps no other from signing, and is asked for once', async ({ store, calls, deny }) => {
    const place = newPlace();
    const denied = await stores.generate(store, place, CURVE);
    const other = await stores.generate(store, newPlace(OTHER), CURVE);
    deny(place);
    const before = calls!.length;
    await expect(denied.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(calls).toHaveLength(before + 1);
    expect(await other.sign('ES256', DATA)).toHaveLength(64);
  });

  it.each(having('outage'))(
    '$title that does not answer or accepts no log-in is not asked for a while, and signs again after it',
    async ({ store, calls, special: [begin, end] }) => {
      const key = await stores.generate(store, newPlace(), CURVE);
      begin();
      await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
      end();
      const before = calls!.length;
      await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
      expect(calls).toHaveLength(before);
      passTime(PAUSE_MILLISECONDS);
      expect(await key.sign('ES256', DATA)).toHaveLength(64);
      expect(await stores.examine([store])).toMatchObject([{ failure: undefined }]);
    },
  );

  it.each(having('throttle'))(
    'a request that $title throttles is repeated within its time limit, and busy after it',
    async ({ store, special: throttle }) => {
      const key = await stores.generate(store, newPlace(), CURVE);
      throttle(2, 0);
      expect(await key.sign('ES256', DATA)).toHaveLength(64);
      throttle(Infinity, CALL_MILLISECONDS / 2);
      await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_BUSY'));
      throttle(0, 0);
      expect(await key.sign('ES256', DATA)).toHaveLength(64);
    },
  );
});

describe('tenants with keys in key stores', () => {
  it.each(all)(
    'tokens of a key in $title verify with the published keys by another implementation, and a version that leaked is destroyed there',
    async ({ store, living }) => {
      const tenant = await createTenant(server);
      const { path, sign } = await createSigner(server, tenant, store);
      const { token, kid } = (await sign()).body;
      const jwks = JSON.parse((await server.get(`${tenant.path}/.well-known/jwks.json`)).text) as JSONWebKeySet;
      const now = { currentDate: new Date(server.clock.now()) };
      const { protectedHeader } = await jwtVerify(token!, createLocalJWKSet(jwks), now);
      expect(protectedHeader).toMatchObject({ alg: 'ES256', kid });

      expect((await server.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner)).status).toBe(200);
      expect(await living(tenant.id)).toBe(2);
      await server.runScheduler();
      expect(await living(tenant.id)).toBe(1);
      expect((await sign()).body['kid']).not.toBe(kid);
    },
  );

  it.each(all)(
    'two instances that rotate, sign, compromise and destroy in $title at the same time leave one key that signs, and nothing else of it there',
    async ({ store, living }) => {
      const tenant = await createTenant(server);
      const { path, sign } = await createSigner(server, tenant, store);
      const { kid } = (await sign()).body;
      const both = [server, another];
      const answers = await Promise.all(
        both.flatMap((instance) => [
          instance.post(`${path}/rotate`, { immediately: true }, tenant.owner),
          instance.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner),
          sign(instance),
          instance.runScheduler(),
          sign(instance),
        ]),
      );
      expect(answers.flatMap((answer) => (answer && answer.status >= 500 ? [answer.text] : []))).toEqual([]);
      // Both destroy what was made for nothing, and what leaked.
      const destroyed = async (): Promise<number> => {
        await Promise.all(both.map((instance) => instance.runScheduler()));
        return (await living(tenant.id)) - (await livingVersions(server, tenant, path));
      };
      await expect.poll(destroyed).toBe(0);
      expect(await living(tenant.id)).toBeGreaterThan(0);
      const signed = await Promise.all(both.map((instance) => sign(instance)));
      expect(signed.map(({ status }) => status)).toEqual([200, 200]);
      expect(new Set(signed.map(({ body }) => body['kid'])).size).toBe(1);
      expect(signed[0]!.body['kid']).not.toBe(kid);
    },
  );
});
