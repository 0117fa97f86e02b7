import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { type Clock, systemClock } from '#core';

import { createAuthority, csrPem } from '../e2e/certificates/pki.js';
import { createIssuer } from '../e2e/signing/issuer.js';
import { type TestDatabase, createMigratedDatabase, testServerUrl } from '../support/database.js';
import { Workshop } from '../support/openssl.js';
import { openPlainDataSource } from '../support/plain-data-source.js';
import {
  type Answer,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../support/server.js';
import { type TcpProxy, openTcpProxy } from '../support/tcp-proxy.js';

const PATIENCE = { timeout: 240_000 };
/** Shorter than the time-out of one statement: a request that waits for that is not answered in time. */
const ANSWERED_WITHIN_MILLISECONDS = 9_000;
const clock: Clock = systemClock;
const workshop = new Workshop();
afterAll(() => workshop.clear());

/** A server with a tenant that has everything that the public may read. */
interface Installation {
  readonly server: TestServer;
  readonly tenant: TestTenant;
  readonly serviceKey: string;
  readonly profile: string;
  readonly caId: string;
  readonly serialNumber: string;
}

async function open(database: TestDatabase): Promise<Installation> {
  const server = await startTestServer({ database, clock });
  const tenant = await createTenant(server);
  const issuer = await createIssuer(server, tenant);
  const ca = await createAuthority(server, tenant);
  workshop.write('ca.pem', ca['certificate']!);
  const caId = String(ca['id']);
  const { body } = await server.post(`${tenant.path}/certificates`, { csr: csrPem(), caId }, tenant.owner);
  return {
    server,
    tenant,
    serviceKey: issuer.service.serviceKey,
    profile: issuer.profile,
    caId,
    serialNumber: body['serialNumber']!,
  };
}

/** What anybody may read, as statuses and bodies; the last one is asked by OpenSSL, with a nonce and without. */
async function published({ server, tenant, caId, serialNumber }: Installation) {
  const read = async (path: string) => {
    const answer = await fetch(server.url + path, { signal: AbortSignal.timeout(ANSWERED_WITHIN_MILLISECONDS) });
    return `${answer.status} ${Buffer.from(await answer.arrayBuffer()).toString('base64')}`;
  };
  const status = async (...nonce: string[]) => {
    const url = `${server.url}/pki/${caId}/ocsp`;
    const asked = ['-issuer', 'ca.pem', '-serial', `0x${serialNumber}`, '-url', url, '-CAfile', 'ca.pem', ...nonce];
    const { text } = await workshop.run('openssl', ['ocsp', ...asked]);
    return /0x[0-9a-f]+: (\w+)/i.exec(text)?.[1] ?? text;
  };
  return {
    jwks: await read(`/v1/tenants/${tenant.id}/.well-known/jwks.json`),
    jwksBySlug: await read(`/v1/tenants/${tenant.slug}/.well-known/jwks.json`),
    metadata: await read(`/v1/tenants/${tenant.id}/.well-known/openid-configuration`),
    certificate: await read(`/pki/${caId}/ca.crt`),
    crl: await read(`/pki/${caId}/crl`),
    ocsp: await status('-no_nonce'),
    ocspWithNonce: await status(),
  };
}

describe('while the database is away', () => {
  it('keys, certificates, lists and statuses are published as they were read last', PATIENCE, async () => {
    const database = await createMigratedDatabase();
    const installation = await open(database);
    const before = await published(installation);
    expect(before).toMatchObject({ jwks: expect.stringMatching(/^200 /), ocsp: 'good' });
    await installation.server.server.installation.database.close();
    expect(await published(installation)).toEqual(before);
    // What was not asked for before is not there.
    const { server, tenant } = installation;
    const unknown = await server.get(`/v1/tenants/another-${tenant.slug}/.well-known/jwks.json`);
    expect(unknown).toMatchObject({ status: 503, body: { code: 'DATABASE_UNAVAILABLE' } });
    const held = await server.get(`/v1/tenants/${tenant.id}/.well-known/jwks.json`);
    expect(held.headers.get('cache-control')).toBe('public, max-age=30, must-revalidate');
    await installation.server.server.app.close();
    await database.drop();
  });
});

describe('a statement that is wrong', () => {
  it('a wrong statement is 500 without Retry-After, and raises the alarm in the log with the code and without the values', async () => {
    const database = await createMigratedDatabase();
    const { server, tenant } = await open(database);
    const { service } = (await server.post(`${tenant.path}/services`, { name: 'wrong' }, tenant.owner)).body;
    const plain = await openPlainDataSource(database.url);
    // A key that the code knows nothing of.
    await plain.query('CREATE UNIQUE INDEX unknown_to_the_code ON credentials (tenantId, name)');
    await plain.destroy();
    const body = { authType: 'jwt', name: 'a name to look for' };
    const create = (authType: string) =>
      server.post(`${tenant.path}/services/${service!['id']}/credentials`, { ...body, authType }, tenant.owner);
    expect((await create('jwt')).status).toBe(201);
    const answer = await create('service_key');
    expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([
      500,
      'INTERNAL_ERROR',
      null,
    ]);
    const alarms = server.logs.filter((line) => line.includes('"level":"error"'));
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toMatch(/ER_DUP_ENTRY|SQLITE_CONSTRAINT_UNIQUE/);
    expect(alarms[0]).not.toMatch(/a name to look for|INSERT/i);
    await server.close();
    await database.drop();
  });
});

describe.skipIf(testServerUrl === undefined)('a database server that stops answering', () => {
  let database: TestDatabase;
  let proxy: TcpProxy;
  let installation: Installation;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    const { hostname, port } = new URL(database.url);
    proxy = await openTcpProxy({ host: hostname, port: Number(port) });
    const throughProxy = new URL(database.url);
    throughProxy.hostname = '127.0.0.1';
    throughProxy.port = String(proxy.port);
    installation = await open({ ...database, url: throughProxy.toString() });
  });
  afterEach(() => proxy.mend());
  afterAll(async () => {
    await installation.server.close();
    await proxy.close();
    await database.drop();
  });

  const ask = async (method: string, path: string, credentials: Record<string, string>, body?: object) => {
    const answer = await fetch(installation.server.url + path, {
      method,
      headers: { ...credentials, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MILLISECONDS),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Shape };
  };
  const asOwner = () => ({ Authorization: `Bearer ${installation.tenant.owner.token}` });
  const asService = () => ({ 'X-Service-Key': installation.serviceKey });
  let services = 0;
  const calls = () => [
    ask('GET', `${installation.tenant.path}/services`, asOwner()),
    ask('POST', `${installation.tenant.path}/services`, asOwner(), { name: `service ${(services += 1)}` }),
    ask('POST', `/v1/sign/${installation.profile}`, asService(), {}),
    ask('GET', '/v1/whoami', asService()),
  ];
  const ready = () => ask('GET', '/health/ready', {});

  it.each(['hang', 'refuse'] as const)(
    'because connections %s: 503 within seconds, and back without a restart',
    PATIENCE,
    async (fault) => {
      const before = await published(installation);
      await proxy.break(fault);
      const many = Array.from({ length: 10 }, calls).flat();
      for (const { status, body, headers } of await Promise.all(many)) {
        expect([status, body['code']]).toEqual([503, expect.stringMatching(/^(DATABASE|AUDIT)_UNAVAILABLE$/)]);
        expect(headers.get('retry-after')).toBe('1');
      }
      expect(await ready()).toMatchObject({ status: 503, body: { code: 'NOT_READY', checks: { database: false } } });
      expect(await published(installation)).toEqual(before);
      expect((await ask('GET', '/health/live', {})).status).toBe(200);
      await proxy.mend();
      await expect.poll(async () => (await ready()).status).toBe(200);
      expect((await Promise.all(calls())).map(({ status }) => status)).toEqual([200, 201, 200, 200]);
    },
  );

  it('because connections are lost in the middle of transactions: 503 or the work, never 500', PATIENCE, async () => {
    const answers: { status: number; body: Shape }[] = [];
    for (let round = 0; round < 10; round += 1) {
      const asked = Array.from({ length: 8 }, calls).flat();
      await new Promise((resolve) => setTimeout(resolve, 3 * round));
      proxy.reset();
      answers.push(...(await Promise.all(asked)));
    }
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toContain(503);
    expect([...statuses].filter((status) => ![200, 201, 503].includes(status))).toEqual([]);
    await expect.poll(async () => (await ready()).status).toBe(200);
  });
});

describe.skipIf(testServerUrl === undefined)('a database account that may open few connections', () => {
  it('an account that may open few connections is 503 for what finds none, never 500', PATIENCE, async () => {
    const database = await createMigratedDatabase();
    const admin = await createConnection({ uri: testServerUrl! });
    const account = `'few_${process.pid}'@'%'`;
    await admin.query(`CREATE USER ${account} IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 6`);
    const name = new URL(database.url).pathname.slice(1);
    await admin.query(`GRANT ALL ON ${name}.* TO ${account}`);
    const url = new URL(database.url);
    url.username = `few_${process.pid}`;
    url.password = 'few';
    const { server, tenant } = await open({ ...database, url: url.toString() });
    const asked = Array.from({ length: 60 }, (_, number) =>
      server.post(`${tenant.path}/services`, { name: `few ${number}` }, tenant.owner),
    );
    const answers = await Promise.all(asked);
    const outcomes = new Set(answers.map(({ status, body }: Answer) => body['code'] ?? status));
    for (const outcome of outcomes) expect([201, 'DATABASE_UNAVAILABLE', 'AUDIT_UNAVAILABLE']).toContain(outcome);
    expect(outcomes).toContain('DATABASE_UNAVAILABLE');
    expect((await server.get('/health/ready')).status).toBe(200);
    await server.close();
    await admin.query(`DROP USER ${account}`);
    await admin.end();
    await database.drop();
  });
});
