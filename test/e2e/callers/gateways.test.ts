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

describe('ANY /v1/forward-auth, for a gateway that passes the request itself on', () => {
  const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
  const forward = (method: string, call: Call) => server.request(method, '/v1/forward-auth', undefined, call);

  it.each(METHODS)('ANY /v1/forward-auth accepts a good %s and names its sender', async (method) => {
    const service = await createService(server, tenant);
    for (const call of [{ serviceKey: service.serviceKey }, { token: tokenOf(service) }]) {
      const answer = await forward(method, call);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-chancery-service')).toBe(service.id);
      expect(answer.headers.get('x-chancery-tenant')).toBe(tenant.id);
    }
  });

  it('ANY /v1/forward-auth ignores the body: whatever type a forwarded request has, its headers decide', async () => {
    const service = await createService(server, tenant);
    const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
    expect((await forward('POST', { serviceKey: service.serviceKey, headers })).status).toBe(200);
    expect((await forward('POST', { serviceKey: 'x', headers })).status).toBe(401);
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
