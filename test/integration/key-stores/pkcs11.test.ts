import { createHash, createPublicKey, randomBytes, randomUUID, verify } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { Checkpoints, LogKeys } from '#audit';
import { DAY, HOUR, INSTALLATION_ID, ManualClock, SECOND, platformScope, systemClock, systemOrigin } from '#core';
import { StoredObjects } from '#key-stores';
import { type AlgorithmName, algorithm, keyFromJwk, parseCompactJws } from '#crypto';
import { openCheckpoint } from '#transparency-log';

import { Pkcs11Token } from '../../../libs/key-stores/pkcs11-token.js';
import { PAUSE_MILLISECONDS } from '../../../libs/key-stores/store-health.js';
import { createAuthority, csrPem, issue } from '../../e2e/certificates/pki.js';
import { createProfile, createService } from '../../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { OutsideRoot } from '../../support/outside-root.js';
import { holdTimers, passTime } from '../../support/passed-time.js';
import {
  type Answer,
  PASSWORD,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { createToken, softHsm } from '../../support/token.js';

const LABELS = ['signing', 'changing'] as const;
const pinFiles = Object.fromEntries(LABELS.map((label) => [label, join(tmpdir(), `pin-${randomUUID()}`)]));
// All tokens before the first is opened: a module lists its slots once.
for (const label of softHsm === undefined ? [] : LABELS) {
  writeFileSync(pinFiles[label]!, `${createToken(label).pin!.reveal()}\n`);
}
const uriOf = (label: string): string =>
  `pkcs11:token=${label}?module-path=${softHsm}&pin-source=file:${pinFiles[label]}`;

/** The processes of ours in which a token is open, or that another word names. */
const tokenProcesses = (word = 'pkcs11-token'): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = /^PPid:\s(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
        return parent === String(process.pid) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
      } catch {
        return false;
      }
    })
    .map(Number);

const pinOf = (label: string): string => readFileSync(pinFiles[label]!, 'utf8').trim();
const tokenOptions = (tokenLabel: string) => ({ module: softHsm!, tokenLabel, pin: pinOf(tokenLabel) });

/** Runs where SoftHSM is installed, as continuous integration does. */
describe.skipIf(softHsm === undefined)('keys in SoftHSM', () => {
  const environment = {
    CHANCERY_KEY_STORES: `hsm=${uriOf('signing')}, single=${uriOf('signing')}&x-processes=1, changing=${uriOf('changing')}`,
    CHANCERY_KEY_STORE_TENANTS: 'hsm=*, single=*, changing=*',
  };
  const workshop = new Workshop();
  let database: TestDatabase;
  let server: TestServer;
  let tenant: TestTenant;
  let serviceKey: string;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    // OpenSSL, as an outside root, makes certificates that are valid from now on.
    server = await startTestServer({ database, environment, clock: new ManualClock(systemClock.now() + HOUR) });
    tenant = await createTenant(server);
    serviceKey = (await createService(server, tenant)).serviceKey;
  });
  afterEach(() => void vi.useRealTimers());
  afterAll(async () => {
    await server.close();
    await database.drop();
    workshop.clear();
    for (const file of Object.values(pinFiles)) rmSync(file, { force: true });
  });

  const createKey = (body: object): Promise<Answer> =>
    server.post(
      `${tenant.path}/keys`,
      { name: randomUUID(), algorithm: 'ES256', keyStore: 'hsm', ...body },
      tenant.owner,
    );
  const signerOf = async (body: object) => {
    const created = await createKey(body);
    if (created.status !== 201) throw new Error(created.text);
    const keyId = created.body['id']!;
    return { keyId, path: `${tenant.path}/keys/${keyId}`, profile: await createProfile(server, tenant, { keyId }) };
  };
  const sign = (profile: string): Promise<Answer> => server.post(`/v1/sign/${profile}`, {}, { serviceKey });
  const jwks = async (): Promise<string> => (await server.get(`${tenant.path}/.well-known/jwks.json`)).text;
  /** The labels of what is on the token, read by another process than the server's. */
  const onToken = (label: string): string[] => {
    const binding = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
    const pkcs11 = new binding.PKCS11();
    pkcs11.load(softHsm!);
    try {
      pkcs11.C_Initialize();
    } catch {
      // Initialised by the test before.
    }
    const slot = pkcs11.C_GetSlotList(true).find((id) => pkcs11.C_GetTokenInfo(id).label.trimEnd() === label)!;
    const session = pkcs11.C_OpenSession(slot, binding.CKF_SERIAL_SESSION);
    pkcs11.C_Login(session, binding.CKU_USER, pinOf(label));
    pkcs11.C_FindObjectsInit(session, []);
    const labels = pkcs11
      .C_FindObjects(session, 1_000)
      .map((object) => pkcs11.C_GetAttributeValue(session, object, [{ type: binding.CKA_LABEL }])[0]!.value);
    pkcs11.C_FindObjectsFinal(session);
    pkcs11.C_CloseAllSessions(slot);
    return labels.map(String);
  };

  it.each(['RS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA'] satisfies AlgorithmName[])(
    'a key in a key store signs tokens by %s that verify with the published key',
    async (name) => {
      const { path, profile } = await signerOf({
        algorithm: name,
        ...(/^[RP]S/.test(name) ? { modulusBits: 2048 } : {}),
      });
      const details = (await server.get(path, tenant.owner)).body;
      expect(details).toMatchObject({ keyStore: 'hsm', exportable: false, origin: 'generated' });
      const signed = await sign(profile);
      expect(signed.status).toBe(200);
      const parsed = parseCompactJws(signed.body['token']!);
      if (!parsed.ok) throw new Error('no JWS');
      const { keys } = JSON.parse(await jwks()) as { keys: { kid: string; kty: string }[] };
      const jwk = keys.find(({ kid }) => kid === parsed.value.header.kid)!;
      const { signingInput, signature } = parsed.value;
      expect(await algorithm(name).verify(signingInput, signature, keyFromJwk(jwk))).toBe(true);
    },
  );

  it('a key in a key store is refused for an algorithm that the store has not, as exportable, and in a store that is not permitted', async () => {
    const code = async (body: object): Promise<unknown> => (await createKey(body)).body['code'];
    expect(await code({ algorithm: 'HS256' })).toBe('KEY_STORE_ALGORITHM');
    expect(await code({ algorithm: 'ML-DSA-44' })).toBe('KEY_STORE_ALGORITHM');
    expect(await code({ exportable: true })).toBe('KEY_NOT_EXPORTABLE');
    expect(await code({ keyStore: 'elsewhere' })).toBe('KEY_STORE_UNKNOWN');
    const before = onToken('signing').length;
    const taken = randomUUID();
    expect((await createKey({ name: taken })).status).toBe(201);
    expect(await code({ name: taken })).toBe('KEY_NAME_TAKEN');
    // What was made for the key that was refused is destroyed.
    expect(onToken('signing')).toHaveLength(before + 1);
  });

  it('a key in a key store is rotated in it, and the private key of a version that ends is destroyed there', async () => {
    const { path, profile } = await signerOf({});
    const first = (await sign(profile)).body['kid'];
    expect((await server.post(`${path}/rotate`, { immediately: true }, tenant.owner)).status).toBe(200);
    const second = (await sign(profile)).body['kid'];
    expect(second).not.toBe(first);
    const versions = onToken('signing').filter((label) => label.startsWith(`chancery ${tenant.id}`)).length;
    expect((await server.post(`${path}/versions/${second}/compromise`, {}, tenant.owner)).status).toBe(200);
    expect([first, second]).not.toContain((await sign(profile)).body['kid']);
    expect(onToken('signing')).toHaveLength(versions + 1);
    await server.runScheduler();
    expect(onToken('signing')).toHaveLength(versions);
    await server.setTime(server.clock.now() + DAY);
    tenant = { ...tenant, owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) } };
    await server.runScheduler();
    await server.runScheduler();
    expect(onToken('signing').length).toBeLessThan(versions);
    const { items } = (await server.get(`${tenant.path}/audit-events?action=key_store.object_destroyed`, tenant.owner))
      .body;
    expect((items as unknown as { details: object }[]).map(({ details }) => details)).toContainEqual({
      keyStore: 'hsm',
    });
  });

  it.each(['PS256', 'ES384', 'EdDSA'] satisfies AlgorithmName[])(
    'a certificate request for a %s key in a key store is signed in it, which OpenSSL verifies',
    async (name) => {
      const { path } = await signerOf({ algorithm: name, ...(name === 'PS256' ? { modulusBits: 2048 } : {}) });
      const made = await server.post(`${path}/csr`, { subject: { commonName: 'In a store' } }, tenant.owner);
      expect(made.status).toBe(200);
      workshop.write('store.csr', made.body['csr']!);
      expect(await workshop.openssl('req', '-in', 'store.csr', '-noout', '-verify')).toContain('verify OK');
    },
  );

  it('an authority in a key store issues under an outside root that certified its request', async () => {
    const admin = { token: await server.login(tenant.owner.email, PASSWORD) };
    const owned = { ...tenant, owner: { ...tenant.owner, ...admin } };
    const outside = new OutsideRoot(workshop);
    const root = await outside.create('offline');
    for (const keyAlgorithm of ['P-384', 'RSA-3072']) {
      const ca = await createAuthority(server, owned, { keyStore: 'hsm', keyAlgorithm, externalIssuer: true });
      expect(ca).toMatchObject({ state: 'pending', keyStore: 'hsm', keyAlgorithm });
      const certificatePem = (await outside.certify('offline', ca['csr']!)) + root;
      const path = `${tenant.path}/certificate-authorities/${ca['id']}`;
      expect((await server.post(`${path}/certificate`, { certificatePem }, owned.owner)).status).toBe(200);
      const issued = await issue(server, owned, {
        caId: ca['id'],
        csr: csrPem(`below an outside root ${keyAlgorithm}`),
      });
      workshop.write('chain.pem', [issued.body['chain']].flat().join(''));
      workshop.write('leaf.pem', issued.body['certificate']!);
      workshop.write(
        'list.crl',
        new Uint8Array(await (await fetch(`${server.url}/pki/${ca['id']}/crl`)).arrayBuffer()),
      );
      await workshop.openssl('crl', '-inform', 'DER', '-in', 'list.crl', '-out', 'list.pem');
      const time = ['-attime', String(Math.floor(server.clock.now() / 1000) + 60)];
      const below = ['-CAfile', 'offline.pem', '-untrusted', 'chain.pem', '-crl_check', '-CRLfile', 'list.pem'];
      expect(await workshop.openssl('verify', ...below, ...time, 'leaf.pem')).toContain('leaf.pem: OK');
    }
    // The key of one that is given up is destroyed on the token.
    const { id } = await createAuthority(server, owned, { keyStore: 'hsm', externalIssuer: true });
    const held = onToken('signing').length;
    expect((await server.delete(`${tenant.path}/certificate-authorities/${id}`, undefined, owned.owner)).status).toBe(
      204,
    );
    await server.runScheduler();
    // Its private and its public half.
    expect(held - onToken('signing').length).toBeGreaterThanOrEqual(1);
  });

  it('authorities in a key store issue certificates, revocation lists and OCSP answers that OpenSSL accepts', async () => {
    const admin = { token: await server.login(tenant.owner.email, PASSWORD) };
    const owned = { ...tenant, owner: { ...tenant.owner, ...admin } };
    const rootCa = await createAuthority(server, owned, { keyStore: 'hsm', keyAlgorithm: 'P-384' });
    expect(rootCa).toMatchObject({ keyStore: 'hsm', origin: 'generated', keyAlgorithm: 'P-384' });
    const below = { parentId: rootCa['id'], keyStore: 'hsm', keyAlgorithm: 'RSA-3072' };
    const ca = await createAuthority(server, owned, below);
    const issued = await issue(server, owned, { caId: ca['id'], csr: csrPem('held in a store') });
    expect(issued.status).toBe(201);
    workshop.write('root.pem', rootCa['certificate']!);
    workshop.write('ca.pem', ca['certificate']!);
    workshop.write('leaf.pem', issued.body['certificate']!);
    for (const [name, id] of [
      ['root', rootCa['id']],
      ['ca', ca['id']],
    ] as const) {
      const list = await fetch(`${server.url}/pki/${id}/crl`);
      workshop.write(`${name}.crl`, new Uint8Array(await list.arrayBuffer()));
      await workshop.openssl('crl', '-inform', 'DER', '-in', `${name}.crl`, '-out', `${name}-crl.pem`);
    }
    const crls = ['-crl_check_all', '-CRLfile', 'root-crl.pem', '-CRLfile', 'ca-crl.pem'];
    const time = ['-attime', String(Math.floor(server.clock.now() / 1000) + 60)];
    const verified = workshop.openssl(
      'verify',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'ca.pem',
      ...crls,
      ...time,
      'leaf.pem',
    );
    expect(await verified).toContain('leaf.pem: OK');
    const trust = ['-CAfile', 'root.pem', '-verify_other', 'ca.pem', '-no_nonce', '-validity_period', '1000000000'];
    const asked = ['-issuer', 'ca.pem', '-cert', 'leaf.pem', '-url', `${server.url}/pki/${ca['id']}/ocsp`];
    const answer = await workshop.run('openssl', ['ocsp', ...asked, ...trust, ...time]);
    expect(answer.text).toContain('Response verify OK');
    expect(answer.text).toContain('leaf.pem: good');
    const labels = onToken('signing').filter((label) => label.startsWith(`chancery ${tenant.id}`));
    expect(labels).toEqual(expect.arrayContaining([rootCa['id'], ca['id']].map((id) => `chancery ${tenant.id} ${id}`)));
  });

  it('the key of the histories is rotated into a token, which signs the checkpoints from then on', async () => {
    const keys = server.server.app.get(LogKeys);
    const before = new Set(onToken('signing'));
    await keys.rotate(platformScope(systemOrigin('test')), 'hsm');
    const made = onToken('signing').filter((label) => !before.has(label));
    expect(made).toEqual([expect.stringContaining(`chancery ${INSTALLATION_ID} `)]);
    expect(await server.server.app.get(Checkpoints).publishDue()).toEqual([]);
    const { text } = await server.get(`${tenant.path}/history/checkpoint`, tenant.owner);
    const origin = text.slice(0, text.indexOf('\n'));
    const [inToken] = keys.periodsOf(origin).filter(({ keyStore }) => keyStore === 'hsm');
    expect(openCheckpoint(text, origin, [inToken!.key]).size).toBeGreaterThan(0);
  });

  it('two instances on one token sign with the same key, also after one has rotated it, and either destroys what the other made', async () => {
    const { path, profile } = await signerOf({});
    const other = await startTestServer({ database, environment, clock: server.clock });
    try {
      const kids = async (): Promise<unknown[]> => {
        const answers = [await sign(profile), await other.post(`/v1/sign/${profile}`, {}, { serviceKey })];
        expect(answers.map(({ status }) => status)).toEqual([200, 200]);
        return answers.map(({ body }) => body['kid']);
      };
      const [first, same] = await kids();
      expect(same).toBe(first);
      expect((await other.post(`${path}/rotate`, { immediately: true }, tenant.owner)).status).toBe(200);
      const [second, again] = await kids();
      expect(again).toBe(second);
      expect(second).not.toBe(first);
      const before = onToken('signing').length;
      expect((await server.post(`${path}/versions/${second}/compromise`, {}, tenant.owner)).status).toBe(200);
      expect(onToken('signing')).toHaveLength(before + 1);
      await other.runScheduler();
      expect(onToken('signing')).toHaveLength(before);
      const [third, alike] = await kids();
      expect(alike).toBe(third);
    } finally {
      await other.close();
    }
  });

  it('a token that never answers keeps no other key from signing, and its process is replaced', async () => {
    const before = tokenProcesses();
    const { profile } = await signerOf({ keyStore: 'single' });
    const { profile: sealed } = await signerOf({ keyStore: undefined });
    const [stopped] = tokenProcesses().filter((pid) => !before.includes(pid));
    process.kill(stopped!, 'SIGSTOP');
    holdTimers();
    let isWaiting = true;
    const refused = sign(profile).finally(() => (isWaiting = false));
    expect((await sign(sealed)).status).toBe(200);
    expect(isWaiting).toBe(true);
    await expect
      .poll(() => {
        passTime(SECOND);
        return isWaiting;
      })
      .toBe(false);
    expect((await refused).body).toMatchObject({ code: 'KEY_STORE_UNAVAILABLE' });
    passTime(PAUSE_MILLISECONDS);
    expect((await sign(profile)).status).toBe(200);
    expect(tokenProcesses()).not.toContain(stopped);
  });

  it('the processes of a token have no setting of the server in their environment, and so none of its keys', async () => {
    const { profile } = await signerOf({});
    expect((await sign(profile)).status).toBe(200);
    const [pid] = tokenProcesses();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('SOFTHSM2_CONF');
    expect(environment).not.toMatch(/CHANCERY_|DATABASE_URL|TEST_/);
  });

  it('processes of a token that were all killed are followed by another with the next signature', async () => {
    const { profile } = await signerOf({});
    expect((await sign(profile)).status).toBe(200);
    const before = tokenProcesses();
    expect(before.length).toBeGreaterThan(0);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    expect((await sign(profile)).status).toBe(200);
    expect(tokenProcesses().filter((pid) => !before.includes(pid)).length).toBeGreaterThan(0);
    // What watched beside it has ended with it.
    await expect.poll(() => tokenProcesses('kill -9').length).toBe(tokenProcesses().length);
  });

  it('a token whose PIN is rejected is not asked again before the file has another one', async () => {
    const pin = pinOf('changing');
    writeFileSync(pinFiles['changing']!, 'a-wrong-pin');
    const refused = await createKey({ keyStore: 'changing' });
    expect(refused.body).toMatchObject({ code: 'KEY_STORE_UNAVAILABLE' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(refused.text).not.toContain('a-wrong-pin');
    passTime(PAUSE_MILLISECONDS);
    expect((await createKey({ keyStore: 'changing' })).status).toBe(503);
    expect(server.logs.filter((line) => line.includes('rejects its PIN'))).toHaveLength(1);
    writeFileSync(pinFiles['changing']!, pin);
    passTime(PAUSE_MILLISECONDS);
    expect((await createKey({ keyStore: 'changing' })).status).toBe(201);
    expect(server.logs.join()).not.toContain(pin);
  });

  it('a key that was made twice, because an answer was lost, does not sign and is destroyed as a whole', () => {
    const token = new Pkcs11Token(tokenOptions('signing'));
    const another = new Pkcs11Token(tokenOptions('signing'));
    const object = { id: Buffer.from(randomUUID()), label: 'twice' };
    token.generate(object, { type: 'ec', curve: 'P-256' });
    token.generate(object, { type: 'ec', curve: 'P-256' });
    expect(() => another.sign(object, { type: 'ecdsa' }, randomBytes(32))).toThrow('two keys');
    token.destroy(object);
    expect(another.has(object)).toBe(false);
  });

  it('a key of a token that no row knows is found by its name, and those of rows are not', async () => {
    await signerOf({});
    const objects = server.server.app.get(StoredObjects);
    const unknown = { tenantId: tenant.id, recordId: randomUUID() };
    const id = Buffer.from(`${unknown.tenantId}${unknown.recordId}`.replaceAll('-', ''), 'hex');
    const token = new Pkcs11Token(tokenOptions('signing'));
    expect(await objects.unknown('hsm')).toEqual([]);
    const object = { id, label: `chancery ${unknown.tenantId} ${unknown.recordId}` };
    token.generate(object, { type: 'ec', curve: 'P-256' });
    expect(await objects.unknown('hsm')).toEqual([unknown]);
    token.destroy(object);
  });

  it('a session that a token lost is opened again by the next signature', () => {
    const token = new Pkcs11Token(tokenOptions('signing'));
    const object = { id: Buffer.from(randomUUID()), label: 'test' };
    const { point } = token.generate(object, { type: 'ec', curve: 'P-256' }) as { point: Uint8Array };
    const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64url');
    const [x, y] = [base64(point.slice(1, 33)), base64(point.slice(33))];
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
    const digest = createHash('sha256').update('text').digest();
    const signs = (): boolean => {
      const signature = token.sign(object, { type: 'ecdsa' }, digest);
      return verify('sha256', Buffer.from('text'), { key, dsaEncoding: 'ieee-p1363' }, signature);
    };
    expect(signs()).toBe(true);
    const binding = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
    const pkcs11 = new binding.PKCS11();
    pkcs11.load(softHsm!);
    const slot = pkcs11.C_GetSlotList(true).find((id) => pkcs11.C_GetTokenInfo(id).label.trimEnd() === 'signing')!;
    pkcs11.C_CloseAllSessions(slot);
    expect(signs()).toBe(true);
    const session = pkcs11.C_OpenSession(slot, binding.CKF_SERIAL_SESSION | binding.CKF_RW_SESSION);
    pkcs11.C_Logout(session);
    expect(signs()).toBe(true);
    token.destroy(object);
    expect(token.has(object)).toBe(false);
    expect(() => token.sign(object, { type: 'ecdsa' }, digest)).toThrow('has no key');
  });
});
