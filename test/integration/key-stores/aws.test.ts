import { randomUUID } from 'node:crypto';

import { type JSONWebKeySet, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { type AlgorithmName, algorithm, algorithmNames } from '#crypto';
import { KeyStores } from '#key-stores';

import { createProfile, createService } from '../../e2e/signing/issuer.js';
import { type AwsKeys, awsKeys } from '../../support/aws-keys.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { awsEnvironment } from '../../support/key-services.js';
import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';

const TENANT = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const OTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48';
let places = 0;
const newPlace = (tenantId = TENANT) => ({
  tenantId,
  recordId: `0198d7c4-5a1e-7cc0-8f3a-${String((places += 1)).padStart(12, '0')}`,
});
const DATA = Buffer.from('text');
const CURVE = { algorithm: 'ES256', modulusBits: undefined } as const;

let aws: AwsKeys;
let database: TestDatabase;
let environment: Record<string, string>;
let server: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
  aws = await awsKeys();
  database = await createMigratedDatabase();
  environment = { CHANCERY_KEY_STORES: `aws=${aws.uri}`, CHANCERY_KEY_STORE_TENANTS: 'aws=*' };
  server = await startTestServer({ database, environment });
  stores = server.server.app.get(KeyStores);
});
afterEach(() => {
  aws.refusals.clear();
  aws.signMilliseconds = 0;
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await aws.close();
  vi.unstubAllEnvs();
});

const keyAt = ({ tenantId, recordId }: ReturnType<typeof newPlace>) =>
  aws.keys.get(aws.aliases.get(`alias/chancery-${tenantId}-${recordId}`) ?? '');
const refuse = (action: string, type: string, times = Infinity, status = 400): void =>
  void aws.refusals.set(action, { answer: [status, { __type: type, message: type }], times });

describe('keys in AWS KMS', () => {
  it.each([
    ['RS256', 2048],
    ['RS384', 2048],
    ['RS512', 2048],
    ['PS256', 2048],
    ['PS384', 2048],
    ['PS512', 2048],
    ['ES256', undefined],
    ['ES384', undefined],
    ['ES512', undefined],
    ['EdDSA', undefined],
  ] as const satisfies (readonly [AlgorithmName, number | undefined])[])(
    'a key of AWS KMS signs by %s, and its deletion is scheduled when it is destroyed',
    async (name, modulusBits) => {
      const place = newPlace();
      const key = await stores.generate('aws', place, { algorithm: name, modulusBits });
      expect(await algorithm(name).verify(DATA, await key.sign(name, DATA), key.publicKey)).toBe(true);
      expect(keyAt(place)!.tags.map(({ TagValue }) => TagValue)).toEqual([place.tenantId, place.recordId]);
      expect([await stores.holds('aws', place), await stores.holds('aws', { ...place, tenantId: OTHER })]).toEqual([
        true,
        false,
      ]);
      const made = keyAt(place)!;
      // By two instances at the same time, and again.
      await Promise.all([stores.destroy('aws', place), stores.destroy('aws', place)]);
      await stores.destroy('aws', place);
      expect(made).toMatchObject({ state: 'PendingDeletion', deletionDays: 7 });
      expect(keyAt(place)).toBeUndefined();
      expect(await stores.holds('aws', place)).toBe(false);
      await expect(key.sign(name, DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    },
  );

  it('AWS KMS makes no shared secrets and no ML-DSA keys for us', async () => {
    const [state] = await stores.examine();
    expect(algorithmNames.filter((name) => !state!.algorithms!.includes(name))).toEqual([
      'HS256',
      'HS384',
      'HS512',
      'ML-DSA-44',
      'ML-DSA-65',
      'ML-DSA-87',
    ]);
  });

  it('a key that AWS does not know everywhere yet is waited for', async () => {
    aws.unseenReads = 2;
    const key = await stores.generate('aws', newPlace(), CURVE);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('every key with an alias of ours is listed, however many pages AWS answers', async () => {
    const place = newPlace();
    await stores.generate('aws', place, CURVE);
    const arn = keyAt(place)!.arn;
    const others = Array.from({ length: 100 }, () => newPlace(OTHER));
    const aliases = ['alias/other', ...others.map(({ recordId }) => `alias/chancery-${OTHER}-${recordId}`)];
    try {
      for (const alias of aliases) aws.aliases.set(alias, arn);
      const listed = await stores.list('aws');
      expect(listed).toEqual(expect.arrayContaining([place, ...others]));
      expect(listed).toHaveLength(aws.aliases.size - 1);
    } finally {
      for (const alias of aliases) aws.aliases.delete(alias);
    }
  });

  it('a key that can have no alias is deleted, so that none is left that cannot be found', async () => {
    const before = new Set(aws.keys.keys());
    refuse('CreateAlias', 'AccessDeniedException');
    const refused = stores.generate('aws', newPlace(), CURVE);
    await expect(refused).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    const made = [...aws.keys].filter(([arn]) => !before.has(arn));
    expect(made.map(([, { state }]) => state)).toEqual(['PendingDeletion']);
  });

  it('an alias of another key is not taken over', async () => {
    const [place, another] = [newPlace(), newPlace()];
    await stores.generate('aws', another, CURVE);
    aws.aliases.set(`alias/chancery-${TENANT}-${place.recordId}`, keyAt(another)!.arn);
    await expect(stores.generate('aws', place, CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(keyAt(another)!.state).toBe('Enabled');
  });

  it('a request that AWS throttles is repeated within its time limit, and busy after it', async () => {
    const key = await stores.generate('aws', newPlace(), CURVE);
    refuse('Sign', 'ThrottlingException', 2);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
    refuse('Sign', 'ThrottlingException');
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_BUSY'));
    aws.refusals.clear();
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it.each([
    ['that AWS denies', 'AccessDeniedException'],
    ['that is disabled', 'DisabledException'],
  ])('a key %s keeps no other from signing, and asks AWS once', async (_, type) => {
    const [denied, other] = [
      await stores.generate('aws', newPlace(), CURVE),
      await stores.generate('aws', newPlace(OTHER), CURVE),
    ];
    refuse('Sign', type, 1);
    const before = aws.calls.length;
    await expect(denied.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(aws.calls.slice(before)).toEqual(['Sign']);
    expect(await other.sign('ES256', DATA)).toHaveLength(64);
  });

  it('a message that is longer than AWS signs by Ed25519 is refused for its length', async () => {
    const key = await stores.generate('aws', newPlace(), { algorithm: 'EdDSA', modulusBits: undefined });
    expect(await key.sign('EdDSA', Buffer.alloc(4_096))).toHaveLength(64);
    await expect(key.sign('EdDSA', Buffer.alloc(4_097))).rejects.toThrow(withCode('KEY_STORE_MESSAGE_TOO_LONG'));
  });

  it('making a key is not repeated where its answer is lost', async () => {
    const before = aws.calls.length;
    refuse('CreateKey', 'KMSInternalException', 1, 500);
    await expect(stores.generate('aws', newPlace(), CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(aws.calls.slice(before)).toEqual(['CreateKey']);
    await expect.poll(() => stores.examine().then(([state]) => state!.failure), { timeout: 10_000 }).toBeUndefined();
  });

  it('a signature is repeated where AWS fails once, and a log-in that AWS rejects pauses the store', async () => {
    const key = await stores.generate('aws', newPlace(), CURVE);
    refuse('Sign', 'KMSInternalException', 1, 500);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
    refuse('Sign', 'ExpiredTokenException', 1);
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    const before = aws.calls.length;
    await expect(key.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(aws.calls).toHaveLength(before);
    await expect.poll(() => key.sign('ES256', DATA), { timeout: 10_000 }).toHaveLength(64);
  });
});

describe('tenants with keys in AWS KMS', () => {
  const signerOf = async (tenant: TestTenant, keyStore?: string) => {
    const body = { name: randomUUID(), algorithm: 'ES256', keyStore };
    const created = await server.post(`${tenant.path}/keys`, body, tenant.owner);
    if (created.status !== 201) throw new Error(created.text);
    const keyId = created.body['id']!;
    const profile = await createProfile(server, tenant, { keyId });
    const { serviceKey } = await createService(server, tenant);
    const sign = (on = server): Promise<Answer> => on.post(`/v1/sign/${profile}`, {}, { serviceKey });
    return { path: `${tenant.path}/keys/${keyId}`, profile, serviceKey, sign };
  };

  it('tokens of a key in AWS KMS verify with the published keys by another implementation', async () => {
    const tenant = await createTenant(server);
    const { sign } = await signerOf(tenant, 'aws');
    const { token } = (await sign()).body;
    const jwks = JSON.parse((await server.get(`${tenant.path}/.well-known/jwks.json`)).text) as JSONWebKeySet;
    const verified = await jwtVerify(token!, createLocalJWKSet(jwks), {
      currentDate: new Date(server.clock.now()),
    });
    expect(verified.protectedHeader.alg).toBe('ES256');
  });

  it('requests for a store that answers slowly hold up no key elsewhere', async () => {
    const [slow, other] = [
      await signerOf(await createTenant(server), 'aws'),
      await signerOf(await createTenant(server)),
    ];
    aws.signMilliseconds = 1_500;
    const [before, outcomes] = [aws.calls.length, [] as string[]];
    const running = Array.from({ length: 8 }, () => slow.sign().then(({ status }) => outcomes.push(`slow ${status}`)));
    await expect.poll(() => aws.calls.length - before, { interval: 10 }).toBe(8);
    outcomes.push(`other ${(await other.sign()).status}`);
    await Promise.all(running);
    expect(outcomes).toEqual(['other 200', ...running.map(() => 'slow 200')]);
  });

  it('a batch has up to 8 tokens signed at the same time by its key store, and answers in order', async () => {
    const tenant = await createTenant(server);
    const { profile, serviceKey } = await signerOf(tenant, 'aws');
    aws.signMilliseconds = 100;
    aws.mostSigning = 0;
    const items = Array.from({ length: 20 }, (_, index) =>
      index === 3 ? { subject: 3 } : { subject: `user ${index}` },
    );
    const { status, body } = await server.post(`/v1/sign/${profile}/batch`, { items }, { serviceKey });
    expect(status).toBe(200);
    const outcomes = (body as unknown as { items: { token?: string; error?: { code: string } }[] }).items;
    expect(outcomes.map(({ token, error }) => (token === undefined ? error!.code : decodeJwt(token).sub))).toEqual(
      items.map((_, index) => (index === 3 ? 'VALIDATION_ERROR' : `user ${index}`)),
    );
    expect(aws.mostSigning).toBe(8);
  });

  it('two instances that rotate, sign and compromise at the same time leave one key that signs, and delete the others', async () => {
    const tenant = await createTenant(server);
    const { path, sign } = await signerOf(tenant, 'aws');
    const another = await startTestServer({ database, environment, clock: server.clock });
    try {
      const both = [server, another];
      const { kid } = (await sign()).body;
      const answers = await Promise.all(
        both.flatMap((instance) => [
          instance.post(`${path}/rotate`, { immediately: true }, tenant.owner),
          instance.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner),
          sign(instance),
          sign(instance),
        ]),
      );
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const signed = await Promise.all(both.map((instance) => sign(instance)));
      expect(signed.map(({ status }) => status)).toEqual([200, 200]);
      expect(signed[0]!.body['kid']).toBe(signed[1]!.body['kid']);
      expect(signed[0]!.body['kid']).not.toBe(kid);
      // Both destroy what was made for nothing, and what leaked.
      const living = async (): Promise<number> => {
        const { versions } = (await server.get(path, tenant.owner)).body as unknown as {
          versions: { state: string }[];
        };
        return versions.filter(({ state }) => !['compromised', 'destroyed'].includes(state)).length;
      };
      const inAws = () => [...aws.aliases.keys()].filter((alias) => alias.startsWith(`alias/chancery-${tenant.id}-`));
      await expect
        .poll(async () => {
          await Promise.all(both.map((instance) => instance.runScheduler()));
          return inAws().length - (await living());
        })
        .toBe(0);
      expect(inAws().length).toBeGreaterThan(0);
      expect((await Promise.all(both.map((instance) => sign(instance)))).map(({ status }) => status)).toEqual([
        200, 200,
      ]);
    } finally {
      await another.close();
    }
  });
});
