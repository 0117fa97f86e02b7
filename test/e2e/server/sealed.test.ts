import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DAY, HOUR, ManualClock } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { Workshop } from '../../support/openssl.js';
import { ADMIN, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority } from '../certificates/pki.js';
import { createIssuer } from '../signing/issuer.js';
import { type DatabaseDump, dumpDatabase } from './database-dump.js';
import { pathWith, routesOf } from './routes.js';

const clock = new ManualClock();
let database: TestDatabase;
let tenant: TestTenant;
let serviceKey: string;
let jwks: string;
let caId: string;
let crl: string;
let before: DatabaseDump;
let sealed: TestServer;

beforeAll(async () => {
  database = await createMigratedDatabase();
  const first = await startTestServer({ database });
  tenant = await createTenant(first, 'sealed');
  ({
    service: { serviceKey },
  } = await createIssuer(first, tenant));
  jwks = (await first.get(`${tenant.path}/.well-known/jwks.json`)).text;
  caId = (await createAuthority(first, tenant))['id']!;
  crl = (await first.get(`/pki/${caId}/crl`)).text;
  await first.close();
  before = await dumpDatabase(database.url);
  sealed = await startTestServer({
    database,
    clock,
    environment: { CHANCERY_MASTER_KEY: randomBytes(32).toString('base64') },
  });
});
afterAll(async () => {
  await sealed.close();
  await database.drop();
});

/** A question about the authority's own serial number, in Base64. */
async function ocspRequest(): Promise<string> {
  const workshop = new Workshop();
  const der = Buffer.from(await (await fetch(`${sealed.url}/pki/${caId}/ca.crt`)).arrayBuffer());
  workshop.write('ca.der', der);
  await workshop.openssl('x509', '-inform', 'DER', '-in', 'ca.der', '-out', 'ca.pem');
  await workshop.openssl('ocsp', '-issuer', 'ca.pem', '-serial', '1', '-no_nonce', '-reqout', 'request.der');
  const request = workshop.read('request.der').toString('base64');
  workshop.clear();
  return request;
}

describe('a server with the wrong master key', () => {
  it('a server with the wrong master key has started and is live, and not ready', async () => {
    expect(await sealed.get('/health/started')).toMatchObject({ status: 200, body: { status: 'started' } });
    expect(await sealed.get('/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await sealed.get('/health/ready')).toMatchObject({
      status: 503,
      body: { code: 'NOT_READY', checks: { accepting: true, database: true, unsealed: false } },
    });
    expect(sealed.server.firstAdmin).toBeUndefined();
    expect(sealed.logs.join('')).toMatch(/"level":"error".*sealed/);
  });

  it('a server with the wrong master key serves what needs no secret', async () => {
    expect((await sealed.get(`${tenant.path}/.well-known/jwks.json`)).text).toBe(jwks);
    expect((await sealed.get(`${tenant.path}/.well-known/openid-configuration`)).status).toBe(200);
    expect((await sealed.get('/openapi.json')).status).toBe(200);
    expect((await sealed.get(`/pki/${caId}/ca.crt`)).status).toBe(200);
  });

  it('a server with the wrong master key serves the last signed revocation list until that ends, and answers no status', async () => {
    expect((await sealed.get(`/pki/${caId}/crl`)).text).toBe(crl);
    const start = clock.now();
    clock.advance(2 * HOUR);
    expect((await sealed.get(`/pki/${caId}/crl`)).text).toBe(crl);
    clock.advance(DAY);
    expect((await sealed.get(`/pki/${caId}/crl`)).body['code']).toBe('PKI_UNAVAILABLE');
    clock.set(start);
    const status = await sealed.get(`/pki/${caId}/ocsp/${encodeURIComponent(await ocspRequest())}`);
    expect([status.status, status.body['code']]).toEqual([503, 'SEALED']);
    const { paths, components } = (await sealed.get('/openapi.json')).body;
    const reference = String(paths!['/pki/{caId}/ocsp/{request}']!['get']!['responses']!['503']!['$ref']);
    const { content } = components!['responses']![reference.split('/').at(-1)!]!;
    expect(Object.keys(content!['application/problem+json']!['examples']!)).toContain('SEALED');
  });

  it('a server with the wrong master key answers clients of ACME in the words of their protocol', async () => {
    const answer = await sealed.post(`/acme/${caId}/new-order`, {});
    expect([answer.status, answer.body['type']]).toEqual([503, 'urn:ietf:params:acme:error:serverInternal']);
  });

  it('a server with the wrong master key rejects everything else before it looks at anything', async () => {
    const publicOnes = /^\/health|\.well-known|^\/pki|^\/metrics/;
    const refused = routesOf(sealed.server.app).filter(({ path }) => !publicOnes.test(path));
    for (const { method, path } of refused) {
      const url = pathWith(path, (name) => (name === 'tenantId' ? tenant.id : `:${name}`));
      const call = { token: tenant.owner.token, serviceKey, headers: { 'Idempotency-Key': 'sealed' } };
      const body = ['POST', 'PATCH'].includes(method) ? ADMIN : undefined;
      const answer = await sealed.request(method, url, body, call);
      expect([method, path, answer.status]).toEqual([method, path, 503]);
      if (method !== 'HEAD') expect(answer.body['code']).toBe('SEALED');
    }
    expect(refused.length).toBeGreaterThan(30);
  });

  it('a server with the wrong master key has written nothing, though much has become due', async () => {
    clock.advance(2 * DAY);
    await sealed.runScheduler();
    expect(await dumpDatabase(database.url)).toEqual(before);
  });

  it('a server with the wrong master key has changed nothing: the right key opens it again', async () => {
    const opened = await startTestServer({ database });
    expect((await opened.get('/health/ready')).status).toBe(200);
    expect((await opened.get('/v1/whoami', { serviceKey })).status).toBe(200);
    await opened.close();
  });
});
