import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Checkpoints } from '#audit';
import { DAY, HOUR, INSTALLATION_ID, SECOND } from '#core';
import { algorithm } from '#crypto';
import { KeyStores } from '#key-stores';
import { openCheckpoint, parseVerifierKey } from '#transparency-log';

import { run } from '../../../apps/cli/src/program.js';
import { PAUSE_MILLISECONDS } from '../../../libs/key-stores/store-health.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { holdTimers, passTime } from '../../support/passed-time.js';
import {
  ADMIN,
  type Answer,
  type Shape,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';
import { CURVE, DATA, EDWARDS, OTHER, TENANT, createSigner, createStoredKey, newPlace } from './stored-key.js';

const ANOTHER = '0198d7c4-5a1e-7cc0-8f3a-2b6d5e9a1c49';

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
    CHANCERY_HISTORY_KEY_STORE: 'bao',
  };
  server = await startTestServer({ database, environment });
  stores = server.server.app.get(KeyStores);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await server.close();
  await database.drop();
  await engine.close();
});

describe('keys in a transit engine', () => {
  it('a signature that was made with another key than ours leaves no process', async () => {
    const place = newPlace();
    await stores.generate('bao', place, CURVE);
    const { verifyingKey } = await algorithm('ES256').generate();
    const replaced = stores.key('bao', place, verifyingKey);
    await expect(replaced.sign('ES256', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    expect(server.logs.join()).toContain('signed with another key');
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', 'null'],
    ['too much', 'x'.repeat(20_000)],
  ])('a transit engine that answers %s makes no key and no signature', async (_, text) => {
    const place = newPlace();
    const key = await stores.generate('bao', place, EDWARDS);
    engine.text = text;
    try {
      await expect(key.sign('EdDSA', DATA)).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
      const other = stores.generate('bao', { ...place, tenantId: OTHER }, EDWARDS);
      await expect(other).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    } finally {
      engine.text = undefined;
    }
    passTime(PAUSE_MILLISECONDS);
    expect(await key.sign('EdDSA', DATA)).toHaveLength(64);
  });

  it('a key of a transit engine that could be backed up in plain text is not used', async () => {
    const place = newPlace();
    await stores.generate('bao', place, EDWARDS);
    for (const key of engine.keys.values()) key.plaintextBackup = true;
    const again = stores.generate('bao', place, EDWARDS);
    await expect(again).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    for (const key of engine.keys.values()) key.plaintextBackup = false;
  });

  it('a store is open to the tenants that the operator names, and to no other', () => {
    const openTo = (tenantId: string): string[] => stores.permitted(tenantId).map(({ name }) => name);
    expect([openTo(TENANT), openTo(OTHER)]).toEqual([['bao', 'open'], ['open']]);
    expect(() => stores.requirePermitted(OTHER, 'bao')).toThrow(withCode('KEY_STORE_UNKNOWN'));
  });
});

describe('tenants with keys in a transit engine', () => {
  const createKey = (tenant: TestTenant) => createStoredKey(server, tenant, 'open');
  const keysOf = ({ id }: TestTenant): string[] =>
    [...engine.keys.keys()].filter((name) => name.startsWith(`chancery-${id}-`));
  /** When the pause of the store and the wait for another attempt are over. */
  const statusLater = async (ask: () => Promise<Answer>): Promise<number> => {
    passTime(PAUSE_MILLISECONDS);
    await server.setTime(server.clock.now() + HOUR);
    await server.runScheduler();
    return (await ask()).status;
  };
  const degraded = async (): Promise<unknown> => (await server.get('/health/ready')).body['degraded'];
  const chancery = async (words: string[], given: object = environment): Promise<{ code: number; output: string }> => {
    let output = '';
    const code = await run(words, {
      environment: {
        DATABASE_URL: database.url,
        CHANCERY_DATABASE_TLS: 'off',
        CHANCERY_MASTER_KEY: TEST_MASTER_KEY,
        CHANCERY_CHECKPOINT_FILE: 'off',
        ...given,
      },
      write: (text) => (output += text),
      fail: (text) => (output += text),
    });
    return { code, output };
  };
  const doctor = (): Promise<{ code: number; output: string }> => chancery(['doctor']);

  it('a version is compromised immediately while its store is down, and has a successor when the store answers again', async () => {
    const tenant = await createTenant(server);
    const { path, profile, caller, sign } = await createSigner(server, tenant, 'open');
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
    expect((await server.post('/v1/verify', { token, profile }, caller)).body).not.toMatchObject({
      valid: true,
    });
    expect((await sign()).body).toMatchObject({ code: 'KEY_NOT_USABLE' });
    await server.runScheduler();
    expect(keysOf(tenant)).toHaveLength(1);

    engine.fail = false;
    await expect.poll(() => statusLater(sign)).toBe(200);
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
    passTime(PAUSE_MILLISECONDS);
    expect((await create()).status).toBe(201);
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
    const { path, sign } = await createSigner(server, tenant, 'open');
    const { kid } = (await sign()).body;
    const { waiting, release } = engine.hold();
    holdTimers();
    const compromised = server.post(`${path}/versions/${kid}/compromise`, {}, tenant.owner);
    await expect.poll(waiting).toBe(1);
    passTime(5 * SECOND);
    expect((await compromised).status).toBe(200);
    // Making a key may take half a minute, and its request is still under way.
    expect(waiting()).toBe(1);
    release();
    await expect.poll(() => statusLater(sign)).toBe(200);
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

  it('the keys of the histories are made and rotated in the key store of the setting, and destroyed there at their end', async () => {
    const tenant = await createTenant(server);
    const origin = `${new URL(server.url).host}/${tenant.id}`;
    const keys = async (): Promise<Shape[]> =>
      (await server.get(`/v1/history/keys?origin=${encodeURIComponent(origin)}`)).body['keys'] as unknown as Shape[];
    const publish = () => server.server.app.get(Checkpoints).publishDue();
    const inStore = (): number =>
      [...engine.keys.keys()].filter((name) => name.startsWith(`chancery-${INSTALLATION_ID}-`)).length;
    expect([(await keys()).map(({ keyStore }) => keyStore), inStore()]).toEqual([['bao', null], 1]);
    const rotate = '/v1/platform/history/keys/rotate';
    const rotated = await server.post(rotate, { password: ADMIN.password }, { token: await server.login() });
    expect([rotated.status, inStore()]).toEqual([200, 2]);
    const published = await keys();
    expect(published.map(({ keyStore }) => keyStore)).toEqual(['bao', null, 'bao', null]);
    expect(await publish()).toEqual([]);
    const { text } = await server.get(`${tenant.path}/history/checkpoint`, tenant.owner);
    for (const { verifierKey } of published) {
      expect(openCheckpoint(text, origin, [parseVerifierKey(verifierKey!)]).size).toBeGreaterThan(0);
    }
    expect((await doctor()).output).toMatch(/ok +history: verifier key .*\(key 2, the latest, in the key store bao\)/);

    engine.fail = true;
    const service = { name: 'while the store is away' };
    expect((await server.post(`${tenant.path}/services`, service, tenant.owner)).status).toBe(201);
    expect(await publish()).toMatchObject([{ error: { code: 'KEY_STORE_UNAVAILABLE' } }]);
    expect(await degraded()).toEqual(['keyStores', 'history']);
    expect((await server.get(`${tenant.path}/audit-events/export`, tenant.owner)).status).toBe(200);
    expect((await doctor()).output).toMatch(
      /ERROR +history: the key store bao does not answer, which has key 2, the latest/,
    );
    engine.fail = false;
    await expect.poll(publish, { timeout: 30_000, interval: 200 }).toEqual([]);
    expect(await degraded()).toEqual([]);

    await server.setTime(server.clock.now() + 366 * DAY);
    await server.runScheduler();
    expect(inStore()).toBe(1);
  });

  it('a restored installation without the key store says which key of the histories it lacks, and continues by a rotation without it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chancery-log-key-backup-'));
    expect((await chancery(['backup', '--to', join(folder, 'backup')])).code).toBe(0);
    const elsewhere = { DATABASE_URL: `sqlite:${join(folder, 'restored.db')}` };
    const restored = await chancery(['restore', '--from', join(folder, 'backup')], elsewhere);
    expect(restored).toMatchObject({
      code: 0,
      output: expect.stringMatching(
        /^MISSING KEY the key store bao is not configured here, which has key \d+, the latest/m,
      ),
    });
    await chancery(['scheduler', 'confirm'], elsewhere);
    const rotate = ['keys', 'rotate-log-keys'];
    expect((await chancery(rotate, elsewhere)).code).toBe(1);
    expect((await chancery([...rotate, '--key-store', 'nowhere'], elsewhere)).code).toBe(1);
    expect(await chancery([...rotate, '--no-key-store'], elsewhere)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/the latest, sealed in the database\)/),
    });
    // What is sealed beside a key in a store is sealed anew with everything else.
    expect(await chancery(['keys', 'rotate-data-keys'], elsewhere)).toMatchObject({ code: 0 });
    expect((await chancery(['doctor', '--all'], elsewhere)).output).toMatch(/ok +sealed values: all of/);
    rmSync(folder, { recursive: true });
  });
});
