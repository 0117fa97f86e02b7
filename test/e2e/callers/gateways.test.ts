import { type IncomingHttpHeaders, METHODS as NODE_METHODS, request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, toEpochSeconds } from '#core';

import { type Call, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestService, createService } from '../signing/issuer.js';
import { ownToken } from './own-token.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
let gateway: TestService;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'gateways');
  gateway = await createService(server, tenant);
});
afterAll(() => server.close());

const tokenOf = (service: TestService): string =>
  ownToken({ alg: 'HS256', typ: 'JWT' }, { iss: service.id, iat: toEpochSeconds(clock.now()) }, service);

/** A service whose first service key was discarded after a second one was made. */
async function discarded(within = tenant): Promise<TestService> {
  const service = await createService(server, within);
  const path = `${within.path}/services/${service.id}/credentials`;
  const { body } = await server.get(`${path}?authType=service_key`, within.owner);
  await server.post(path, { authType: 'service_key' }, within.owner);
  const answer = await server.post(`${path}/${body['items']![0]!['id']}/discard`, undefined, within.owner);
  if (answer.status !== 200) throw new Error(answer.text);
  return service;
}

const accepted = async (credentialId: string): Promise<number> => {
  const query = `action=credential.accepted&targetId=${credentialId}`;
  const { items }: { items?: readonly unknown[] } = (
    await server.get(`${tenant.path}/audit-events?${query}`, tenant.owner)
  ).body;
  return items!.length;
};

describe('POST /v1/authenticate, for a gateway that asks about a request of somebody else', () => {
  const ask = (facts: object) => server.post('/v1/authenticate', facts, { serviceKey: gateway.serviceKey });

  it('POST /v1/authenticate says who a good service key or JWT belongs to, and records it first', async () => {
    const service = await createService(server, tenant);
    for (const [facts, authType] of [
      [{ serviceKey: service.serviceKey }, 'service_key'],
      [{ authorization: `Bearer ${tokenOf(service)}` }, 'jwt'],
      [{ authorization: `Bearer ${tokenOf(service)}`, serviceKey: gateway.serviceKey }, 'jwt'],
    ] as const) {
      const { status, body } = await ask(facts);
      expect(status).toBe(200);
      expect(body).toMatchObject({ active: true, code: 'OK', service: { id: service.id }, authType });
      expect(await accepted(body['credentialId']!)).toBeGreaterThan(0);
    }
  });

  it('POST /v1/authenticate says why a credential is rejected, with the code that its owner would get', async () => {
    const old = await discarded();
    const good = await createService(server, tenant);
    const answers: [object, string][] = [
      [{}, 'CREDENTIALS_REQUIRED'],
      [{ serviceKey: 'wrong' }, 'INVALID_CREDENTIALS'],
      [{ serviceKey: old.serviceKey }, 'CREDENTIAL_INACTIVE'],
      [{ authorization: 'Bearer wrong', serviceKey: good.serviceKey }, 'INVALID_CREDENTIALS'],
    ];
    for (const [facts, code] of answers) {
      expect(await ask(facts)).toMatchObject({ status: 200, body: { active: false, code } });
    }
  });

  it("POST /v1/authenticate knows nothing of other tenants' credentials, whatever state they are in", async () => {
    const elsewhere = await createTenant(server, 'gateways-elsewhere');
    const [active, inactive] = [await createService(server, elsewhere), await discarded(elsewhere)];
    const facts = [
      { serviceKey: active.serviceKey },
      { serviceKey: inactive.serviceKey },
      { authorization: `Bearer ${tokenOf(active)}` },
    ];
    for (const one of facts) expect((await ask(one)).body).toEqual({ active: false, code: 'INVALID_CREDENTIALS' });
  });

  it('POST /v1/authenticate checks the allowed networks by the address that the gateway saw', async () => {
    const service = await createService(server, tenant);
    const allowedCidrs = ['203.0.113.0/24'];
    await server.patch(`${tenant.path}/services/${service.id}`, { allowedCidrs }, tenant.owner);
    const from = async (sourceAddress?: string) =>
      (await ask({ serviceKey: service.serviceKey, ...(sourceAddress ? { sourceAddress } : {}) })).body['code'];
    expect([await from('203.0.113.7'), await from('198.51.100.1'), await from()]).toEqual([
      'OK',
      'IP_NOT_ALLOWED',
      'IP_NOT_ALLOWED',
    ]);
  });

  it('POST /v1/authenticate is for services only, and rejects unknown members', async () => {
    expect((await server.post('/v1/authenticate', {}, tenant.owner)).status).toBe(401);
    expect((await server.post('/v1/authenticate', {})).body['code']).toBe('CREDENTIALS_REQUIRED');
    expect((await ask({ token: 'x' })).status).toBe(400);
  });
});

describe('a Basic header beside a service key', () => {
  const headers = { Authorization: `Basic ${Buffer.from('user:password').toString('base64')}` };

  it('a Basic header beside a service key is no JWT: the key decides', async () => {
    const service = await createService(server, tenant);
    const { serviceKey } = service;
    expect(await server.get('/v1/whoami', { serviceKey, headers })).toMatchObject({
      status: 200,
      body: { service: { id: service.id }, authType: 'service_key' },
    });
    expect((await server.get('/v1/forward-auth', { serviceKey, headers })).status).toBe(200);
    const facts = { authorization: headers.Authorization, serviceKey };
    const verdict = await server.post('/v1/authenticate', facts, { serviceKey: gateway.serviceKey });
    expect(verdict.body).toMatchObject({ active: true, authType: 'service_key' });
    expect((await server.get('/v1/whoami', { serviceKey: 'csk_wrong', headers })).status).toBe(401);
    expect((await server.get('/v1/whoami', { headers })).body['code']).toBe('INVALID_CREDENTIALS');
  });

  it('a bearer token beside a service key decides, however good the key is', async () => {
    const { serviceKey } = await createService(server, tenant);
    expect((await server.get('/v1/whoami', { serviceKey, token: 'x.y.z' })).status).toBe(401);
  });
});

describe('ANY /v1/forward-auth, for a gateway that passes the request itself on', () => {
  const forward = (method: string, call: Call) => server.request(method, '/v1/forward-auth', undefined, call);

  /** By Node's own client: `fetch` knows neither every method nor a body with each of them. */
  const send = (method: string, path: string, headers: Record<string, string>, body = '') =>
    new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
      const length: Record<string, string> =
        body === '' || 'Transfer-Encoding' in headers ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
      const options = { method, headers: { ...length, ...headers }, agent: false };
      const sent = request(server.url + path, options, (answer) => {
        answer.resume().on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers }));
      });
      sent.on('error', reject).end(body);
    });
  const METHODS = NODE_METHODS.filter((method) => method !== 'CONNECT');

  it.each(METHODS)('ANY /v1/forward-auth accepts a good %s and names its sender', async (method) => {
    const named = { 'x-chancery-service': gateway.id, 'x-chancery-tenant': tenant.id };
    for (const headers of [{ 'X-Service-Key': gateway.serviceKey }, { Authorization: `Bearer ${tokenOf(gateway)}` }]) {
      expect(await send(method, '/v1/forward-auth', headers)).toMatchObject({ status: 200, headers: named });
      expect((await send(method, '/v1/forward-auth/orders/1', headers)).status).toBe(200);
    }
    expect((await send(method, '/v1/forward-auth', { 'X-Service-Key': 'x' })).status).toBe(401);
  });

  it.each(['/', '/orders/1', '//orders', '/a%2Fb/%20', '/orders?key=x', `/${'long/'.repeat(400)}`, '/ä'])(
    'ANY /v1/forward-auth may be followed by the path of the request, as Envoy appends it: %s',
    async (path) => {
      const at = `/v1/forward-auth${encodeURI(path).replaceAll('%25', '%')}`;
      expect((await send('GET', at, { 'X-Service-Key': gateway.serviceKey })).status).toBe(200);
      expect((await send('GET', at, {})).status).toBe(401);
    },
  );

  it('ANY /v1/forward-auth is no prefix of other names', async () => {
    expect((await send('GET', '/v1/forward-authority', { 'X-Service-Key': gateway.serviceKey })).status).toBe(404);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'a=b'],
    ['a form of parts', { 'Content-Type': 'multipart/form-data; boundary=x' }, '--x--'],
    ['what is no JSON', { 'Content-Type': 'application/json' }, '{{{'],
    ['a type that is none', { 'Content-Type': '???' }, 'x'],
    ['no type', {}, 'x'],
    ['chunks', { 'Content-Type': 'text/xml', 'Transfer-Encoding': 'chunked' }, '<a/>'],
    ['no chunk', { 'Content-Type': 'text/xml', 'Transfer-Encoding': 'chunked' }, ''],
    ['more than a body may have', { 'Content-Type': 'application/json' }, `"${'x'.repeat(200_000)}"`],
    ['a type and nothing else', { 'Content-Type': 'application/json', 'Content-Length': '0' }, ''],
  ])('ANY /v1/forward-auth reads no body: %s', async (_, headers, body) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'REPORT']) {
      const path = '/v1/forward-auth/orders';
      const accepted = await send(method, path, { ...headers, 'X-Service-Key': gateway.serviceKey }, body);
      expect([method, accepted.status]).toEqual([method, 200]);
      expect((await send(method, path, { ...headers, 'X-Service-Key': 'x' }, body)).status).toBe(401);
    }
  });

  it('ANY /v1/forward-auth is alone in that: other routes read bodies, and know their own methods only', async () => {
    const headers = { 'X-Service-Key': gateway.serviceKey, 'Content-Type': 'text/xml' };
    expect((await send('POST', '/v1/verify', headers, '<a/>')).status).toBe(415);
    const report = await send('REPORT', '/v1/verify', headers);
    expect([report.status, report.headers.allow]).toEqual([405, 'POST']);
  });

  it('ANY /v1/forward-auth rejects every other request with the code of the reason', async () => {
    const old = await discarded();
    expect(await forward('GET', {})).toMatchObject({ status: 401, body: { code: 'CREDENTIALS_REQUIRED' } });
    expect(await forward('GET', { serviceKey: 'x' })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_CREDENTIALS' },
    });
    expect(await forward('GET', { serviceKey: old.serviceKey })).toMatchObject({
      status: 401,
      body: { code: 'CREDENTIAL_INACTIVE' },
    });
    const refused = await forward('GET', { serviceKey: 'x' });
    expect(refused.headers.get('x-chancery-service')).toBeNull();
    expect(refused.headers.get('www-authenticate')).toBeTruthy();
  });
});
