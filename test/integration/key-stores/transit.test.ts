import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HOUR } from '#core';
import { type AlgorithmName, algorithm, algorithmNames } from '#crypto';
import { KeyStores } from '#key-stores';

import { run } from '../../../apps/cli/src/program.js';
import { createProfile, createService } from '../../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import {
  ADMIN,
  type Answer,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';

const TENANT = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c47';
const OTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c48';
const ANOTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c49';
const placeOf = (tenantId: string, number: number) => ({
  tenantId,
  recordId: `0198d7c4-5a1e-7cc0-8f3a-${String(number).padStart(12, '0')}`,
});

let engine: TransitKeys;
let database: TestDatabase;
let environment: Record<string, string>;
let server: TestServer;
let stores: KeyStores;

beforeAll(async () => {
  engine = await transitKeys();
  database = await createMigratedDatabase();
  environment = {
    CHANCERY_KEY_STORES: `bao=${engine.uri}, open=${engine.uri}`,
    CHANCERY_KEY_STORE_TENANTS: `bao=${TENANT}, open=*`,
  };
  server = await startTestServer({ database, environment });
  stores = server.server.app.get(KeyStores);
});
afterAll(async () => {
  await server.close();
  await database.drop();
  await engine.close();
});

describe('keys in a transit engine', () => {
  it.each([
    ['RS256', 2048],
    ['PS256', 2048],
    ['PS384', 2048],
    ['PS512', 2048],
    ['ES256', undefined],
    ['ES384', undefined],
    ['ES512', undefined],
    ['EdDSA', undefined],
  ] as const satisfies (readonly [AlgorithmName, number | undefined])[])(
    'a key of a transit engine signs by %s, and is gone after it was destroyed',
    async (name, modulusBits) => {
      const place = placeOf(TENANT, algorithmNames.indexOf(name));
      const key = await stores.generate('bao', place, { algorithm: name, modulusBits });
      const data = Buffer.from('text');
      expect(await algorithm(name).verify(data, await key.sign(name, data), key.publicKey)).toBe(true);
      expect([await stores.holds('bao', place), await stores.holds('bao', { ...place, tenantId: OTHER })]).toEqual([
        true,
        false,
      ]);
      await stores.destroy('bao', place);
      await stores.destroy('bao', place);
      expect(await stores.holds('bao', place)).toBe(false);
      await expect(key.sign(name, data)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    },
  );

  it('a signature that was made with another key than ours leaves no process', async () => {
    const place = placeOf(TENANT, 1);
    await stores.generate('bao', place, { algorithm: 'ES256', modulusBits: undefined });
    const { verifyingKey } = await algorithm('ES256').generate();
    const replaced = stores.key('bao', place, verifyingKey);
    await expect(replaced.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(server.logs.join()).toContain('signed with another key');
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', 'null'],
    ['too much', 'x'.repeat(20_000)],
  ])('a transit engine that answers %s makes no key and no signature', async (_, text) => {
    const place = placeOf(TENANT, 100 + text.length);
    const key = await stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    engine.text = text;
    try {
      await expect(key.sign('EdDSA', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
      const other = stores.generate(
        'bao',
        { ...place, tenantId: OTHER },
        { algorithm: 'EdDSA', modulusBits: undefined },
      );
      await expect(other).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    } finally {
      engine.text = undefined;
    }
    await expect.poll(() => key.sign('EdDSA', Buffer.from('text')), { timeout: 10_000 }).toHaveLength(64);
  });

  it('a key of a transit engine that could be backed up in plain text is not used', async () => {
    const place = placeOf(TENANT, 4);
    await stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    for (const key of engine.keys.values()) key.plaintextBackup = true;
    const again = stores.generate('bao', place, { algorithm: 'EdDSA', modulusBits: undefined });
    await expect(again).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    for (const key of engine.keys.values()) key.plaintextBackup = false;
  });

  it('a store is open to the tenants that the operator names, and to no other', () => {
    const openTo = (tenantId: string): string[] => stores.permitted(tenantId).map(({ name }) => name);
    expect([openTo(TENANT), openTo(OTHER)]).toEqual([['bao', 'open'], ['open']]);
    expect(() => stores.requirePermitted(OTHER, 'bao')).toThrow(withCode('KEY_STORE_UNKNOWN'));
  });

  it('a key of a tenant that is missing in its store keeps no other tenant waiting; a store that is away is not asked for a while', async () => {
    const [present, missing] = [placeOf(OTHER, 2), placeOf(TENANT, 3)];
    const key = await stores.generate('bao', present, { algorithm: 'ES256', modulusBits: undefined });
    const gone = stores.key('bao', missing, key.publicKey);
    await expect(gone.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(await key.sign('ES256', Buffer.from('text'))).toHaveLength(64);
    engine.fail = true;
    await expect(key.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    engine.fail = false;
    // Without a request: whoever comes right after it is refused at once.
    await expect(key.sign('ES256', Buffer.from('text'))).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    await expect.poll(() => key.sign('ES256', Buffer.from('text')), { timeout: 10_000 }).toHaveLength(64);
    expect((await stores.examine()).map(({ failure }) => failure)).toEqual([undefined, undefined]);
  });
});

describe('tenants with keys in a transit engine', () => {
  const createKey = async (tenant: TestTenant) => {
    const body = { name: 'tokens', algorithm: 'ES256', keyStore: 'open' };
    const created = await server.post(`${tenant.path}/keys`, body, tenant.owner);
    if (created.status !== 201) throw new Error(created.text);
    return { keyId: created.body['id']!, path: `${tenant.path}/keys/${created.body['id']}` };
  };
  const keysOf = ({ id }: TestTenant): string[] =>
    [...engine.keys.keys()].filter((name) => name.startsWith(`chancery-${id}-`));
  const degraded = async (): Promise<unknown> => (await server.get('/health/ready')).body['degraded'];
  const doctor = async (): Promise<{ code: number; output: string }> => {
    let output = '';
    const code = await run(['doctor'], {
      environment: { DATABASE_URL: database.url, CHANCERY_MASTER_KEY: TEST_MASTER_KEY, ...environment },
      write: (text) => (output += text),
      fail: (text) => (output += text),
    });
    return { code, output };
  };

  it('a version is compromised immediately while its store is down, and has a successor when the store answers again', async () => {
    const tenant = await createTenant(server);
    const { keyId, path } = await createKey(tenant);
    const profile = await createProfile(server, tenant, { keyId });
    const { serviceKey } = await createService(server, tenant);
    const sign = (): Promise<Answer> => server.post(`/v1/sign/${profile}`, {}, { serviceKey });
    const jwks = async (): Promise<string> => (await server.get(`${tenant.path}/.well-known/jwks.json`)).text;
    const { kid, token } = (await sign()).body;
    expect(await degraded()).toEqual([]);
    engine.fail = true;
    expect((await sign()).body).toMatchObject({ code: 'KEY_STORE_UNAVAILABLE' });
    expect(await degraded()).toEqual(['keyStores']);
    expect((await doctor()).output).toContain('key store open: does not answer: The engine answers 503');

    expect((await server.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner)).status).toBe(200);
    expect((await server.get(path, tenant.owner)).body['versions']).toMatchObject([{ kid, state: 'compromised' }]);
    expect(await jwks()).not.toContain(kid);
    expect((await server.post('/v1/verify', { token, profile }, { serviceKey })).body).not.toMatchObject({
      valid: true,
    });
    expect((await sign()).body).toMatchObject({ code: 'KEY_NOT_USABLE' });
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(1);

    engine.fail = false;
    await expect
      .poll(
        async () => {
          await server.setTime(server.clock.now() + HOUR);
          await server.runScheduler();
          return (await sign()).status;
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(200);
    expect((await sign()).body['kid']).not.toBe(kid);
    // The one that leaked is destroyed, its successor is there.
    await expect
      .poll(async () => {
        await server.runScheduler();
        return keysOf(tenant).length;
      })
      .toBe(1);
    expect(await degraded()).toEqual([]);
  });

  it('chancery doctor names each private key that its store does not have', async () => {
    const tenant = await createTenant(server);
    await createKey(tenant);
    expect((await doctor()).output).toMatch(/ok +key store open: has all \d+ private keys/);
    const [name] = keysOf(tenant);
    engine.keys.delete(name!);
    const { code, output } = await doctor();
    expect(code).not.toBe(0);
    const recordId = name!.slice(`chancery-${tenant.id}-`.length);
    expect(output).toContain(`key store open: does not have the private key of ${recordId}, tenant ${tenant.id}`);
  });

  it('a key that its store makes after the request was given up is destroyed, and chancery doctor names one that no row knows', async () => {
    const tenant = await createTenant(server);
    await createKey(tenant);
    const { end, make } = engine.breakOff();
    const late = { name: 'late', algorithm: 'ES256', keyStore: 'open' };
    const create = (): Promise<Answer> => server.post(`${tenant.path}/keys`, late, tenant.owner);
    expect((await create()).body['code']).toBe('KEY_STORE_UNAVAILABLE');
    end();
    // The store answers again, and has no such key yet.
    await expect.poll(async () => (await create()).status, { timeout: 10_000, interval: 500 }).toBe(201);
    await server.runScheduler();
    make();
    expect(keysOf(tenant)).toHaveLength(3);
    await server.setTime(server.clock.now() + HOUR);
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(2);

    // Those of the tests above, which have no rows.
    for (const name of engine.keys.keys()) if (name.startsWith('chancery-0198d7c4')) engine.keys.delete(name);
    expect((await doctor()).output).toMatch(/ok +key store open: has no private key that is unknown here/);
    const [known] = keysOf(tenant);
    engine.keys.set(`chancery-${tenant.id}-${ANOTHER}`, engine.keys.get(known!)!);
    const { output } = await doctor();
    const sentence = `warning +key store open: has a private key of ${ANOTHER}, tenant ${tenant.id}, which this database does not know`;
    expect(output).toMatch(new RegExp(sentence));
    expect(output).toMatch(/warning +key store open: private keys that are unknown here: 1\n/);
    engine.lists = false;
    expect((await doctor()).output).toContain('key store open: does not tell which private keys it has');
    engine.lists = true;
    engine.keys.delete(`chancery-${tenant.id}-${ANOTHER}`);
  });

  it('a compromise makes a successor only for the version that signs, and one that is not used is destroyed in its store immediately', async () => {
    const tenant = await createTenant(server);
    const { path } = await createKey(tenant);
    const compromise = async (number: number, headers = {}) => {
      const { versions } = (await server.get(path, tenant.owner)).body as unknown as {
        versions: { kid: string; number: number }[];
      };
      const { kid } = versions.find((version) => version.number === number)!;
      return (await server.post(`${path}/versions/${kid}/compromise`, {}, { ...tenant.owner, headers })).status;
    };
    const made = (): number => engine.made.filter((name) => name.startsWith(`chancery-${tenant.id}-`)).length;
    const before = keysOf(tenant);
    expect(await compromise(1, { 'If-Match': '"999"' })).toBe(412);
    expect(keysOf(tenant)).toEqual(before);
    // The staged version signs, and no other.
    expect((await server.post(`${path}/rotate`, {}, tenant.owner)).status).toBe(200);
    const beforeStaged = made();
    expect(await compromise(1)).toBe(200);
    expect(made()).toBe(beforeStaged);
    expect(keysOf(tenant)).toHaveLength(2);
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(1);
    // Where it is used, it stays.
    expect(await compromise(2)).toBe(200);
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(1);
    // A version that signs no more needs none, whatever it has signed.
    expect((await server.post(`${path}/rotate`, { immediately: true }, tenant.owner)).status).toBe(200);
    const beforeRetired = made();
    expect(await compromise(3)).toBe(200);
    expect(made()).toBe(beforeRetired);
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(1);
  });

  it('a compromise is on record while the store that is to make the successor does not answer', async () => {
    const tenant = await createTenant(server);
    const { keyId, path } = await createKey(tenant);
    const profile = await createProfile(server, tenant, { keyId });
    const { serviceKey } = await createService(server, tenant);
    const sign = (): Promise<Answer> => server.post(`/v1/sign/${profile}`, {}, { serviceKey });
    const { kid } = (await sign()).body;
    const { waiting, release } = engine.hold();
    expect((await server.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner)).status).toBe(200);
    // Making a key may take half a minute, and its request is still under way.
    expect(waiting()).toBe(1);
    release();
    await expect
      .poll(
        async () => {
          await server.setTime(server.clock.now() + HOUR);
          await server.runScheduler();
          return (await sign()).status;
        },
        { timeout: 15_000, interval: 500 },
      )
      .toBe(200);
    expect((await sign()).body['kid']).not.toBe(kid);
    await expect
      .poll(async () => {
        await server.setTime(server.clock.now() + HOUR);
        await server.runScheduler();
        return keysOf(tenant).length;
      })
      .toBe(1);
  });

  it('a repeated request for a key or an authority in a key store has the first answer, and one key is made', async () => {
    const tenant = await createTenant(server);
    const call = { ...tenant.owner, headers: { 'Idempotency-Key': 'repeated' } };
    for (const [path, body] of [
      ['keys', { name: 'tokens', algorithm: 'ES256', keyStore: 'open' }],
      ['certificate-authorities', { name: 'root', subject: { commonName: 'root' }, keyStore: 'open' }],
    ] as const) {
      const before = keysOf(tenant).length;
      const first = await server.post(`${tenant.path}/${path}`, body, call);
      const again = await server.post(`${tenant.path}/${path}`, body, call);
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expect(keysOf(tenant)).toHaveLength(before + 1);
      call.headers['Idempotency-Key'] = 'another';
    }
  });

  it('a tenant sees the key stores that are open to it, and no more of them than their names', async () => {
    const tenant = await createTenant(server);
    const { body, text } = await server.get(`${tenant.path}/key-stores`, tenant.owner);
    expect(body).toEqual({ items: [{ name: 'open', type: 'transit', answers: true }] });
    expect(text).not.toContain('127.0.0.1');
  });

  it('the private keys of a tenant that is deleted are destroyed in their store', async () => {
    const [deleted, other] = [await createTenant(server), await createTenant(server)];
    for (const tenant of [deleted, other]) await createKey(tenant);
    expect([keysOf(deleted).length, keysOf(other).length]).toEqual([1, 1]);
    const proof = { password: ADMIN.password, confirm: deleted.slug };
    const admin = { token: await server.login() };
    expect((await server.delete(`/v1/tenants/${deleted.id}`, proof, admin)).status).toBe(204);
    await server.runScheduler();
    expect([keysOf(deleted).length, keysOf(other).length]).toEqual([0, 1]);
  });
});
