import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { KeyStores } from '#key-stores';

import { PAUSE_MILLISECONDS } from '../../../libs/key-stores/store-health.js';
import { type AwsKeys, awsKeys, awsRefusal } from '../../support/aws-keys.js';
import { withCode } from '../../support/errors.js';
import { type GoogleKeys, googleKeys, googleRefusal } from '../../support/google-keys.js';
import { awsEnvironment } from '../../support/key-services.js';
import { passTime } from '../../support/passed-time.js';
import { type TestServer, createTenant, startTestServer } from '../../support/server.js';
import { CURVE, DATA, OTHER, TENANT, createSigner, newPlace } from './stored-key.js';

let aws: AwsKeys;
let google: GoogleKeys;
let server: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
  [aws, google] = await Promise.all([awsKeys(), googleKeys()]);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsFile);
  const environment = {
    CHANCERY_KEY_STORES: `aws=${aws.uri}, google=${google.uri}`,
    CHANCERY_KEY_STORE_TENANTS: 'aws=*, google=*',
  };
  server = await startTestServer({ environment });
  stores = server.server.app.get(KeyStores);
});
afterEach(() => {
  aws.refusals.clear();
  google.refusals.clear();
  google.damaged = 0;
});
afterAll(async () => {
  await server.close();
  await Promise.all([aws.close(), google.close()]);
  vi.unstubAllEnvs();
});

const awsKeyAt = ({ tenantId, recordId }: ReturnType<typeof newPlace>) =>
  aws.keys.get(aws.aliases.get(`alias/chancery-${tenantId}-${recordId}`) ?? '');

describe('keys in AWS KMS', () => {
  it('a key that AWS does not know everywhere yet is waited for', async () => {
    aws.unseenReads = 2;
    const key = await stores.generate('aws', newPlace(), CURVE);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('every key with an alias of ours is listed, however many pages AWS answers', async () => {
    const place = newPlace();
    await stores.generate('aws', place, CURVE);
    const arn = awsKeyAt(place)!.arn;
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

  it('a key of AWS KMS that can have no alias is deleted, so that none is left that cannot be found', async () => {
    const before = new Set(aws.keys.keys());
    aws.refusals.set('CreateAlias', awsRefusal('AccessDeniedException'));
    const refused = stores.generate('aws', newPlace(), CURVE);
    await expect(refused).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    const made = [...aws.keys].filter(([arn]) => !before.has(arn));
    expect(made.map(([, { state }]) => state)).toEqual(['PendingDeletion']);
  });

  it('an alias of another key in AWS KMS is not taken over', async () => {
    const [place, another] = [newPlace(), newPlace()];
    await stores.generate('aws', another, CURVE);
    aws.aliases.set(`alias/chancery-${TENANT}-${place.recordId}`, awsKeyAt(another)!.arn);
    await expect(stores.generate('aws', place, CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(awsKeyAt(another)!.state).toBe('Enabled');
  });

  it('making a key in AWS KMS is not repeated where its answer is lost', async () => {
    const before = aws.calls.length;
    aws.refusals.set('CreateKey', awsRefusal('KMSInternalException', 500), 1);
    await expect(stores.generate('aws', newPlace(), CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(aws.calls.slice(before)).toEqual(['CreateKey']);
    passTime(PAUSE_MILLISECONDS);
    expect(await stores.examine(['aws'])).toMatchObject([{ failure: undefined }]);
  });

  it('a signature is repeated where AWS fails once', async () => {
    const key = await stores.generate('aws', newPlace(), CURVE);
    aws.refusals.set('Sign', awsRefusal('KMSInternalException', 500), 1);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });
});

describe('keys in Google Cloud KMS', () => {
  it('what was damaged on its way from Google is asked for again', async () => {
    google.damaged = 1;
    const key = await stores.generate('google', newPlace(), CURVE);
    google.damaged = 1;
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('a key of Google Cloud KMS whose answer was lost is made once', async () => {
    google.refusals.set('create', googleRefusal(503, 'UNAVAILABLE'), 1);
    const key = await stores.generate('google', newPlace(), CURVE);
    expect(await key.sign('ES256', DATA)).toHaveLength(64);
  });

  it('a key that Google failed to make is destroyed already', async () => {
    const place = newPlace();
    await stores.generate('google', place, CURVE);
    [...google.keys.values()].at(-1)!.state = 'GENERATION_FAILED';
    expect(await stores.holds('google', place)).toBe(false);
    await stores.destroy('google', place);
  });

  it('a key in Google Cloud KMS of another algorithm or protection that has the name already is not taken over', async () => {
    const place = newPlace();
    await stores.generate('google', place, CURVE);
    const another = stores.generate('google', place, { algorithm: 'ES384', modulusBits: undefined });
    await expect(another).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    Object.assign([...google.keys.values()].at(-1)!, { protectionLevel: 'HSM' });
    await expect(stores.generate('google', place, CURVE)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
  });

  it('Google Cloud KMS makes no short RSA keys for SHA-512', async () => {
    const short = stores.generate('google', newPlace(), { algorithm: 'RS512', modulusBits: 2048 });
    await expect(short).rejects.toThrow(withCode('KEY_STORE_ALGORITHM'));
  });
});

describe('a store that answers slowly', () => {
  it('requests for a store that answers slowly hold up no key elsewhere', async () => {
    const [slow, other] = [
      await createSigner(server, await createTenant(server), 'aws'),
      await createSigner(server, await createTenant(server), undefined),
    ];
    const outcomes: string[] = [];
    const { waiting, release } = aws.holdSignatures();
    const running = Array.from({ length: 8 }, () => slow.sign().then(({ status }) => outcomes.push(`slow ${status}`)));
    await expect.poll(waiting, { interval: 10 }).toBe(8);
    outcomes.push(`other ${(await other.sign()).status}`);
    release();
    await Promise.all(running);
    expect(outcomes).toEqual(['other 200', ...running.map(() => 'slow 200')]);
  });

  it('a batch has up to 8 tokens signed at the same time by its key store, and answers in order', async () => {
    const tenant = await createTenant(server);
    const { profile, caller } = await createSigner(server, tenant, 'aws');
    aws.mostSigning = 0;
    const { waiting, release } = aws.holdSignatures();
    const items = Array.from({ length: 20 }, (_, index) =>
      index === 3 ? { subject: 3 } : { subject: `user ${index}` },
    );
    const answered = server.post(`/v1/sign/${profile}/batch`, { items }, caller);
    await expect.poll(waiting, { interval: 10 }).toBe(8);
    release();
    const { status, body } = await answered;
    expect(status).toBe(200);
    const outcomes = (body as unknown as { items: { token?: string; error?: { code: string } }[] }).items;
    expect(outcomes.map(({ token, error }) => (token === undefined ? error!.code : decodeJwt(token).sub))).toEqual(
      items.map((_, index) => (index === 3 ? 'VALIDATION_ERROR' : `user ${index}`)),
    );
    expect(aws.mostSigning).toBe(8);
  });
});
