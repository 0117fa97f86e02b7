import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DataSource } from 'typeorm';

import { AcmeValidations } from '#acme';
import { DAY, HOUR, SECOND, platformScope, systemOrigin } from '#core';
import { KeyMaintenance } from '#vault';

import { run } from '../../../apps/cli/src/program.js';
import { PAUSE_MILLISECONDS } from '../../../libs/key-stores/store-health.js';
import { AcmeTestClient, ChallengeHost, csrOf, prepareAcme } from '../../e2e/acme/acme-client.js';
import { createAuthority, csrPem, issue } from '../../e2e/certificates/pki.js';
import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type TestDnsServer, startDnsServer } from '../../support/dns-server.js';
import { parseExposition } from '../../support/metrics.js';
import { Workshop } from '../../support/openssl.js';
import { holdTimers, passTime } from '../../support/passed-time.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Answer,
  PASSWORD,
  type Shape,
  TEST_MASTER_KEY,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';

const METRICS_TOKEN = 'a-token-that-only-reads-metrics';
const CLOSED = 'closed';

const workshop = new Workshop();
const host = new ChallengeHost();
let dns: TestDnsServer;
let engine: TransitKeys;
let database: TestDatabase;
let plain: DataSource;
let environment: Record<string, string>;
let server: TestServer;

beforeAll(async () => {
  engine = await transitKeys();
  dns = await startDnsServer();
  database = await createMigratedDatabase();
  plain = await openPlainDataSource(database.url);
  environment = {
    CHANCERY_KEY_STORES: `bao=${engine.uri}, ${CLOSED}=${engine.uri}`,
    CHANCERY_KEY_STORE_TENANTS: 'bao=*',
  };
  server = await startTestServer({
    database,
    environment: {
      ...environment,
      CHANCERY_METRICS_TOKEN: METRICS_TOKEN,
      CHANCERY_ACME_RESOLVERS: dns.address,
      CHANCERY_ACME_HTTP_PORT: String(await host.listen()),
      CHANCERY_ACME_NETWORKS: '127.0.0.1',
    },
  });
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await plain.destroy();
  await server.close();
  await database.drop();
  await engine.close();
  dns.close();
  host.close();
  workshop.clear();
});

const signedIn = async (tenant: TestTenant): Promise<TestTenant> => ({
  ...tenant,
  owner: { ...tenant.owner, token: await server.login(tenant.owner.email, PASSWORD) },
});
const objectsOf = ({ id }: TestTenant): string[] =>
  [...engine.keys.keys()].filter((name) => name.startsWith(`chancery-${id}-`));
const crlOf = (caId: unknown): Promise<Response> => fetch(`${server.url}/pki/${caId as string}/crl`);

/** What OpenSSL says of the OCSP answer about a serial number. */
async function ocspOf(ca: Shape, serialNumber: string): Promise<string> {
  workshop.write('ca.pem', ca['certificate']!);
  const asked = ['-issuer', 'ca.pem', '-serial', `0x${serialNumber}`, '-no_nonce', '-CAfile', 'ca.pem'];
  const at = ['-attime', String(Math.floor(server.clock.now() / 1_000)), '-validity_period', '1000000000'];
  const url = ['-url', `${server.url}/pki/${ca['id']}/ocsp`];
  return (await workshop.run('openssl', ['ocsp', ...asked, ...at, ...url])).text;
}

/** Of an authority of a tenant of its own, whose key is in the engine. */
async function prepared(body: object = {}) {
  const tenant = await createTenant(server);
  const ca = await createAuthority(server, tenant, { keyStore: 'bao', ...body });
  return { tenant, ca };
}

describe('authorities whose keys are in a transit engine', () => {
  it.each(['RSA-2048', 'RSA-4096', 'P-256', 'P-384'])(
    'an authority with a %s key in a transit engine issues certificates and revocation lists that OpenSSL verifies',
    async (keyAlgorithm) => {
      const { tenant, ca } = await prepared({ keyAlgorithm });
      expect(ca).toMatchObject({ keyStore: 'bao', keyAlgorithm, origin: 'generated' });
      const leaf = await issue(server, tenant, { caId: ca['id'], csr: csrPem('In a store') });
      workshop.write('root.pem', ca['certificate']!);
      workshop.write('leaf.pem', leaf.body['certificate']!);
      workshop.write('root.crl', new Uint8Array(await (await crlOf(ca['id'])).arrayBuffer()));
      await workshop.openssl('crl', '-inform', 'DER', '-in', 'root.crl', '-out', 'crl.pem');
      const time = ['-attime', String(Math.floor(server.clock.now() / 1_000) + 60)];
      const crl = ['-crl_check', '-CRLfile', 'crl.pem'];
      expect(await workshop.openssl('verify', '-CAfile', 'root.pem', ...crl, ...time, 'leaf.pem')).toContain('OK');
      expect(objectsOf(tenant)).toEqual([`chancery-${tenant.id}-${ca['id']}`]);
      const { items } = (await server.get(`${tenant.path}/audit-events?targetId=${ca['id']}`, tenant.owner)).body;
      expect(JSON.stringify(items)).toContain('"keyStore":"bao"');
    },
  );

  it('an authority is refused in a store that is not open to the tenant, by an import, and where nothing could be below its parent', async () => {
    const { tenant, ca } = await prepared({ pathLength: 0 });
    const made = objectsOf(tenant).length;
    const refused = async (body: object): Promise<Answer> =>
      server.post(
        `${tenant.path}/certificate-authorities`,
        { name: 'refused', subject: { commonName: 'refused' }, keyStore: 'bao', ...body },
        tenant.owner,
      );
    const code = async (body: object): Promise<unknown> => (await refused(body)).body['code'];
    expect(await code({ keyStore: CLOSED })).toBe('KEY_STORE_UNKNOWN');
    expect(await code({ keyStore: 'elsewhere' })).toBe('KEY_STORE_UNKNOWN');
    expect(await code({ parentId: ca['id'] })).toBe('POLICY_VIOLATION');
    expect(await code({ name: ca['name'] })).toBe('CA_NAME_TAKEN');
    const imported = { name: 'imported', subject: undefined, certificatePem: ca['certificate'], key: 'x' };
    expect((await refused(imported)).body).toMatchObject({
      errors: [{ pointer: '/keyStore', code: 'NOT_OF_AN_IMPORT' }],
    });
    // What was made for one that was refused is destroyed.
    expect(objectsOf(tenant)).toHaveLength(made);
  });

  it('an authority whose key store is down issues nothing and writes nothing, while its last list and its OCSP answers continue', async () => {
    const before = await prepared();
    const { ca } = before;
    const leaf = await issue(server, before.tenant, { caId: ca['id'], csr: csrPem('held in a store') });
    expect((await crlOf(ca['id'])).status).toBe(200);
    const list = Buffer.from(await (await crlOf(ca['id'])).arrayBuffer());
    expect(await ocspOf(ca, leaf.body['serialNumber']!)).toMatch(/: good[^]*Response verify OK/);

    engine.fail = true;
    // The first request that a store fails is on record, and abandoned.
    expect((await issue(server, before.tenant, { caId: ca['id'] })).body['code']).toBe('KEY_STORE_UNAVAILABLE');
    const certificates = (): Promise<Answer> =>
      server.get(`${before.tenant.path}/certificates?caId=${ca['id']}`, before.tenant.owner);
    const known = (await certificates()).text;
    const refused = await issue(server, before.tenant, { caId: ca['id'] });
    expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([
      503,
      'KEY_STORE_UNAVAILABLE',
      '2',
    ]);
    const made = { name: 'below', subject: { commonName: 'below' }, parentId: ca['id'] };
    const below = await server.post(`${before.tenant.path}/certificate-authorities`, made, before.tenant.owner);
    expect(below.body['code']).toBe('KEY_STORE_UNAVAILABLE');
    expect((await certificates()).text).toBe(known);

    // The next list is due: the scheduler tries, says so, and the last one is given out.
    await server.setTime(server.clock.now() + 2 * HOUR);
    const failures = async (): Promise<number> => {
      const { text } = await server.get('/metrics', { token: METRICS_TOKEN });
      const series = parseExposition(text).find(
        ({ name, labels }) =>
          name === 'chancery_scheduler_items_total' && labels['kind'] === 'CRL' && labels['outcome'] === 'failed',
      );
      return series?.value ?? 0;
    };
    const failed = await failures();
    await server.runScheduler();
    expect(await failures()).toBeGreaterThan(failed);
    expect(Buffer.from(await (await crlOf(ca['id'])).arrayBuffer()).equals(list)).toBe(true);
    // Within the days before its end in which the delegate is replaced; the last list has ended.
    await server.setTime(server.clock.now() + 6 * DAY);
    const tenant = await signedIn(before.tenant);
    expect(await ocspOf(ca, leaf.body['serialNumber']!)).toMatch(/: good[^]*Response verify OK/);
    const revoked = await server.post(
      `${tenant.path}/certificates/${leaf.body['kid']}/revoke`,
      { reason: 'superseded' },
      tenant.owner,
    );
    expect(revoked.status).toBe(200);
    expect(await ocspOf(ca, leaf.body['serialNumber']!)).toMatch(/: revoked[^]*Response verify OK/);
    const ended = await crlOf(ca['id']);
    expect([ended.status, ((await ended.json()) as Shape)['code']]).toEqual([503, 'PKI_UNAVAILABLE']);

    engine.fail = false;
    passTime(PAUSE_MILLISECONDS);
    expect((await crlOf(ca['id'])).status).toBe(200);
    workshop.write('again.crl', new Uint8Array(await (await crlOf(ca['id'])).arrayBuffer()));
    const text = await workshop.openssl('crl', '-inform', 'DER', '-in', 'again.crl', '-noout', '-text');
    expect(text.toLowerCase()).toContain(leaf.body['serialNumber']!);
    expect((await issue(server, tenant, { caId: ca['id'], csr: csrPem('later') })).status).toBe(201);
  });

  it('while a key store does not answer, the last list and OCSP answers are returned without waiting for it', async () => {
    const { tenant, ca } = await prepared({ validityDays: 1 });
    const leaf = await issue(server, tenant, { caId: ca['id'], csr: csrPem('held in a store') });
    const status = async (): Promise<string> => ocspOf(ca, leaf.body['serialNumber']!);
    expect([(await crlOf(ca['id'])).status, await status()]).toEqual([200, expect.stringContaining(': good')]);
    // The next list and the next delegate are due, and those before still hold.
    await server.setTime(server.clock.now() + 20 * HOUR);
    const { waiting, release } = engine.hold();
    holdTimers();
    const answered = status();
    await expect.poll(waiting).toBe(1);
    passTime(SECOND);
    expect(await answered).toMatch(/: good[^]*Response verify OK/);
    const listed = crlOf(ca['id']);
    await expect.poll(waiting).toBe(2);
    passTime(2 * SECOND);
    const last = await listed;
    expect(last.status).toBe(200);
    expect(waiting()).toBe(2);
    release();
    vi.useRealTimers();
    const number = async (): Promise<string | null> => {
      passTime(PAUSE_MILLISECONDS);
      return (await crlOf(ca['id'])).headers.get('etag');
    };
    await expect.poll(number).not.toBe(last.headers.get('etag'));
  });

  it('the key of a revoked authority signs its revocation list until its certificate ends, and is destroyed then', async () => {
    const { tenant: before, ca } = await prepared({ validityDays: 3 });
    const below = await createAuthority(server, before, { parentId: ca['id'], keyStore: 'bao', validityDays: 2 });
    const reason = { reason: 'keyCompromise' };
    const revoke = `${before.path}/certificate-authorities/${below['id']}/revoke`;
    expect((await server.post(`${revoke}?dryRun=true`, reason, before.owner)).status).toBe(200);
    expect((await server.post(revoke, reason, before.owner)).body['state']).toBe('revoked');
    await server.runScheduler();
    expect(objectsOf(before)).toHaveLength(2);
    await server.setTime(server.clock.now() + DAY);
    expect((await crlOf(below['id'])).status).toBe(200);
    for (const [days, left] of [
      [1.5, 1],
      [1, 0],
    ] as const) {
      await server.setTime(server.clock.now() + days * DAY);
      for (let runs = 0; runs < 3; runs += 1) await server.runScheduler();
      expect(objectsOf(before)).toHaveLength(left);
    }
    const { owner, path } = await signedIn(before);
    const { items } = (await server.get(`${path}/audit-events?action=key_store.object_destroyed`, owner)).body;
    expect(items).toHaveLength(2);
  });

  it('an authority whose row names another key or none signs nothing', async () => {
    const { tenant, ca } = await prepared();
    const other = await createAuthority(server, tenant, { keyStore: 'bao' });
    const column = (name: string): string => plain.driver.escape(name);
    const change = async (set: string, value: unknown): Promise<void> => {
      await plain.query(`UPDATE certificate_authorities SET ${column(set)} = ? WHERE id = ?`, [value, ca['id']]);
      // What is kept in memory is read again.
      await plain.query('UPDATE tenants SET configVersion = configVersion + 1 WHERE id = ?', [tenant.id]);
    };
    const issued = async (): Promise<unknown[]> => {
      const { status, body } = await issue(server, tenant, { caId: ca['id'], csr: csrPem('altered') });
      return [status, body['code']];
    };
    // The certificate of another authority: the key of this one does not sign in its name.
    await change('certificatePem', other['certificate']);
    expect(await issued()).toEqual([503, 'KEY_STORE_UNAVAILABLE']);
    expect(server.logs.join()).toContain('signed with another key');
    await change('certificatePem', ca['certificate']);
    await change('keyStore', null);
    expect(await issued()).toEqual([500, 'BLOB_UNREADABLE']);
    await change('keyStore', 'elsewhere');
    expect(await issued()).toEqual([503, 'KEY_STORE_UNAVAILABLE']);
    await change('keyStore', 'bao');
    expect(await issued()).toEqual([201, undefined]);
  });

  it('the data key of a tenant is replaced although the key of an authority is sealed in no row, and chancery doctor looks for it in its store', async () => {
    const { tenant, ca } = await prepared();
    await createAuthority(server, tenant);
    const scope = platformScope(systemOrigin('test'));
    const rotated = await server.server.app.get(KeyMaintenance).rotateDataKey(scope, tenant.id);
    expect(rotated).toMatchObject({ unreadable: 0 });
    expect((await issue(server, tenant, { caId: ca['id'] })).status).toBe(201);
    const doctor = async (): Promise<string> => {
      let output = '';
      const write = (text: string): unknown => (output += text);
      const given = { DATABASE_URL: database.url, CHANCERY_MASTER_KEY: TEST_MASTER_KEY, ...environment };
      await run(['doctor', '--all'], { environment: given, write, fail: write });
      return output;
    };
    const sentence = `does not have the private key of ${ca['id']}, tenant ${tenant.id}`;
    expect(await doctor()).not.toContain(sentence);
    engine.keys.delete(`chancery-${tenant.id}-${ca['id']}`);
    expect(await doctor()).toContain(sentence);
  });

  it('an ACME order whose authority has its key store down is ready again, and finalized when the store answers', async () => {
    const tenant = await createTenant(server);
    const { binding } = await prepareAcme(server, tenant, { keyStore: 'bao' });
    const client = new AcmeTestClient(server, binding.directoryUrl);
    await client.register(binding);
    const name = `web.${tenant.slug}.internal`;
    dns.addresses.set(name, '127.0.0.1');
    const { body, headers } = await client.order([name]);
    for (const { token, url } of await client.challenges(body)) {
      host.answers.set(token, client.keyAuthorization(token));
      await client.post(url, {});
    }
    await server.server.app.get(AcmeValidations).validateDue();
    const state = async (): Promise<unknown> => (await client.post(headers.get('location')!)).body['status'];
    const finalize = (): Promise<Answer> => client.post(body['finalize']!, { csr: csrOf([name]) });
    expect(await state()).toBe('ready');
    engine.fail = true;
    const refused = await finalize();
    expect([refused.status, refused.body['type'], refused.headers.get('retry-after')]).toEqual([
      503,
      'urn:ietf:params:acme:error:serverInternal',
      '2',
    ]);
    expect(await state()).toBe('ready');
    engine.fail = false;
    passTime(PAUSE_MILLISECONDS);
    expect((await finalize()).status).toBe(200);
    expect(await state()).toBe('valid');
  });
});
