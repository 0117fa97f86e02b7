import { randomInt } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE } from '#core';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createProfile, createService } from '../signing/issuer.js';
import { type Vendor, createVendor, manualClock } from './vendor.js';

const KEY = {
  algorithm: 'HS256',
  format: 'secret-base64',
  data: Buffer.from('an API key of 32 bytes or longer').toString('base64'),
} as const;

let server: TestServer;
let tenant: TestTenant;
let vendor: Vendor;
beforeAll(async () => {
  server = await startTestServer({ environment: { TRUSTED_PROXIES: '127.0.0.1/32' } });
  tenant = await createTenant(server, 'public-access');
  vendor = await createVendor(server, tenant, 'telesign-app-verify', KEY, { issuer: 'CUSTOMER' });
});
afterAll(() => server.close());

const newPhone = (): string => `4915${randomInt(10_000_000, 99_999_999)}`;
const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
const ask = (path: string, address = '203.0.113.7') => server.get(path, from(address));
const open = (settings: object, profile = vendor.profile, owned = tenant) =>
  server.patch(`${owned.path}/token-profiles/${profile}`, { settings }, owned.owner);

describe('a profile without public access', () => {
  it('a profile without public access asks for credentials', async () => {
    expect(await ask(`/v1/token/${newPhone()}`)).toMatchObject({ status: 401, body: { code: 'CREDENTIALS_REQUIRED' } });
  });

  it.each([
    ['no networks', { publicAccess: {} }],
    ['an empty list', { publicAccess: { allowedCidrs: [] } }],
    ['what is no network', { publicAccess: { allowedCidrs: ['203.0.113.7'] } }],
    ['another member', { publicAccess: { allowedCidrs: ['203.0.113.0/24'], all: true } }],
  ])('a profile cannot have public access with %s', async (_, settings) => {
    const answer = await open(settings);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } });
    expect(answer.text).toContain('/settings/publicAccess');
  });
});

describe('a profile with public access', () => {
  beforeAll(async () => {
    const answer = await open({
      publicAccess: { allowedCidrs: ['203.0.113.0/24', '2001:db8::/32'], perAddressPerMinute: 2 },
    });
    expect(answer.status).toBe(200);
  });

  it('a profile with public access answers the bare client of the document from its networks, and no other', async () => {
    const phone = newPhone();
    const answer = await ask(`/v1/token/${phone}/order-1`, '203.0.113.20');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('allow')).toBe('GET');
    expect((await vendor.verify(answer.text)).body).toMatchObject({
      valid: true,
      claims: { phn: phone, xid: 'order-1' },
    });
    expect((await ask(`/v1/token/${newPhone()}`, '2001:db8::1')).status).toBe(200);
    expect(await ask(`/v1/token/${phone}`, '198.51.100.1')).toMatchObject({
      status: 401,
      body: { code: 'CREDENTIALS_REQUIRED' },
    });
  });

  it('a profile with public access limits each address, beside each number', async () => {
    const statuses = [];
    for (let call = 0; call < 3; call += 1) statuses.push(await ask(`/v1/token/${newPhone()}`, '203.0.113.30'));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(statuses[2]!.headers.get('ratelimit-policy')).toBe('"per-address";q=2;w=60');
    expect((await ask(`/v1/token/${newPhone()}`, '203.0.113.31')).status).toBe(200);
    manualClock(server).advance(MINUTE);
    expect((await ask(`/v1/token/${newPhone()}`, '203.0.113.30')).status).toBe(200);
  });

  it('a profile with public access authenticates credentials that are shown all the same', async () => {
    const path = `/v1/token/${newPhone()}`;
    expect((await server.get(path, { ...from('203.0.113.40'), serviceKey: 'csk_wrong' })).status).toBe(401);
    expect((await server.get(path, { ...from('203.0.113.40'), token: 'x.y.z' })).status).toBe(401);
    expect((await server.get(path, { ...from('203.0.113.40'), serviceKey: vendor.serviceKey })).status).toBe(200);
    const none = await createService(server, tenant, []);
    expect((await server.get(path, { ...from('203.0.113.40'), serviceKey: none.serviceKey })).status).toBe(403);
  });

  it('a profile with public access opens nothing else: transactions and signing ask for credentials', async () => {
    for (const path of ['/v1/transactions/order-1', `/v1/transactions?phone=${newPhone()}`, '/v1/whoami']) {
      expect((await ask(path)).status).toBe(401);
    }
    const signed = await server.post(`/v1/sign/${vendor.profile}`, { phoneNumber: newPhone() }, from('203.0.113.50'));
    expect(signed.status).toBe(401);
  });

  it('a profile with public access is chosen by name and tenant where several are open, and closed with its tenant', async () => {
    const other = await createTenant(server, 'public-access-other');
    const there = await createVendor(server, other, 'telesign-app-verify', KEY, {
      issuer: 'OTHER',
      settings: { publicAccess: { allowedCidrs: ['203.0.113.0/24'] } },
    });
    const path = `/v1/token/${newPhone()}`;
    expect(await ask(path, '203.0.113.60')).toMatchObject({ status: 400, body: { code: 'AMBIGUOUS_PROFILE' } });
    expect((await ask(`${path}?tenant=public-access-other`, '203.0.113.60')).status).toBe(200);
    expect((await ask(`${path}?profile=${vendor.profile}`, '203.0.113.60')).status).toBe(200);
    expect((await ask(`${path}?tenant=nobody`, '203.0.113.60')).status).toBe(401);
    await server.post(`/v1/tenants/${other.id}/suspend`, {}, { token: await server.login() });
    expect(await ask(`${path}?tenant=public-access-other`, '203.0.113.61')).toMatchObject({
      status: 403,
      body: { code: 'TENANT_SUSPENDED' },
    });
    // A tenant that is suspended makes nothing ambiguous.
    expect((await ask(path, '203.0.113.62')).status).toBe(200);
    expect(there.profile).not.toBe(vendor.profile);
  });

  it('a profile with public access records who got a token, and is closed again', async () => {
    const { body } = await server.get(`${tenant.path}/audit-events?action=token.issued&tokenId=order-1`, tenant.owner);
    expect(body['items']).toMatchObject([{ actor: { id: 'public-access' } }]);
    await open({});
    expect((await ask(`/v1/token/${newPhone()}?tenant=public-access`)).status).toBe(401);
  });
});

describe('GET /v1/tenants/{tenantId}/transactions, for support', () => {
  const phone = newPhone();
  const search = (query: string, by = tenant.owner) => server.get(`${tenant.path}/transactions${query}`, by);

  beforeAll(async () => {
    const own = { serviceKey: vendor.serviceKey };
    for (const xid of ['support-1', 'support-2']) {
      expect((await server.get(`/v1/token/%2B${phone}/${xid}`, own)).status).toBe(200);
    }
  });

  it('GET transactions finds them by number, with and without its sign, and by id, never with a token', async () => {
    for (const query of [`?phone=${phone}`, `?phone=%2B${phone}`, `?phone=+${phone}`]) {
      const { body, text } = await search(query);
      expect(body['items']).toMatchObject([{ xid: 'support-1', status: 'live' }, { xid: 'support-2' }]);
      expect(text).not.toContain('eyJ');
    }
    expect((await search('?xid=support-2')).body['items']).toMatchObject([
      { phoneNumber: `+${phone}`, profile: vendor.profile },
    ]);
    expect((await search(`?xid=support-2&phone=${newPhone()}`)).body['items']).toEqual([]);
    const page = (await search(`?phone=${phone}&limit=1`)).body;
    expect((await search(`?phone=${phone}&limit=1&cursor=${page['nextCursor']}`)).body['items']).toMatchObject([
      { xid: 'support-2' },
    ]);
  });

  it('GET transactions is for people of the tenant, and rejects what is no number', async () => {
    expect((await search('?phone=abc')).status).toBe(400);
    expect((await search('?phone=1&profile=x')).status).toBe(400);
    expect((await server.get(`${tenant.path}/transactions`, { serviceKey: vendor.serviceKey })).status).toBe(401);
    const stranger = await createTenant(server, 'public-access-stranger');
    expect((await search(`?phone=${phone}`, stranger.owner)).status).toBe(404);
  });

  it('a number with and without its sign is one number: the same transaction, the same token', async () => {
    const own = { serviceKey: vendor.serviceKey };
    const number = newPhone();
    const first = await server.get(`/v1/token/%2B${number}/one-number`, own);
    const second = await server.get(`/v1/token/${number}/one-number`, own);
    expect([second.status, second.text]).toEqual([200, first.text]);
    expect((await server.get(`/v1/token/${newPhone()}/one-number`, own)).body['code']).toBe('XID_IN_USE');
  });
});

it('other formats have no public access', async () => {
  const body = {
    name: 'no-public',
    format: 'webex-connect',
    keyId: vendor.keyId,
    settings: { publicAccess: { allowedCidrs: ['203.0.113.0/24'] } },
  };
  expect((await server.post(`${tenant.path}/token-profiles`, body, tenant.owner)).status).toBe(400);
  await expect(createProfile(server, tenant, body)).rejects.toThrow('VALIDATION_ERROR');
});
