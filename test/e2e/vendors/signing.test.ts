import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MINUTE, SECOND, toEpochSeconds } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { type Shape, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer, createService } from '../signing/issuer.js';
import { type Vendor, createVendor, manualClock } from './vendor.js';

const KEY = { algorithm: 'HS256', format: 'secret-base64', data: GOLDEN.secretBase64 } as const;
const PEM = { algorithm: 'RS256', format: 'pem', data: GOLDEN.privateKeyPem } as const;

let server: TestServer;
let tenant: TestTenant;
let jwt: TestIssuer;
let xima: Vendor;
let webex: Vendor;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'vendor-signing');
  jwt = await createIssuer(server, tenant, { allowedClaims: ['scope'] });
  xima = await createVendor(server, tenant, 'xima-licensing', PEM);
  webex = await createVendor(server, tenant, 'webex-connect', KEY);
});
afterAll(() => server.close());

const batch = (items: unknown) =>
  server.post(`/v1/sign/${jwt.profile}/batch`, { items }, { serviceKey: jwt.service.serviceKey });

describe('POST /v1/sign/{profile}/batch', () => {
  it('POST /v1/sign/{profile}/batch answers in order, each item for itself', async () => {
    const answer = await batch([{ subject: 'a' }, { claims: { admin: true } }, { unknown: 1 }, { subject: 'b' }]);
    expect(answer.status).toBe(200);
    const items = answer.body['items'] as unknown as Shape[];
    expect(items.map((item) => item['error']?.['code'] ?? 'token')).toEqual([
      'token',
      'VALIDATION_ERROR',
      'VALIDATION_ERROR',
      'token',
    ]);
    expect(items[1]!['error']).toMatchObject({ status: 400, errors: [{ pointer: '/claims/admin' }] });
    const subjects = items.filter((item) => item['token']).map((item) => claimsOf(item['token']!)['sub']);
    expect(subjects).toEqual(['a', 'b']);
    for (const item of items.filter((each) => each['token'])) {
      const events = await server.get(`${tenant.path}/audit-events?tokenId=${item['tokenId']}`, tenant.owner);
      expect(events.body['items']).toMatchObject([{ action: 'token.issued' }]);
    }
  });

  it('POST /v1/sign/{profile}/batch takes 1 to 100 items', async () => {
    const hundred = await batch(Array.from({ length: 100 }, (_, index) => ({ subject: `user-${index}` })));
    const items = hundred.body['items'] as unknown as Shape[];
    expect(new Set(items.map((item) => item['tokenId'])).size).toBe(100);
    for (const items of [[], Array.from({ length: 101 }, () => ({})), 'x', [1]])
      expect((await batch(items)).status).toBe(400);
  });

  it('POST /v1/sign/{profile}/batch is rejected as a whole where the profile is not granted', async () => {
    const { serviceKey } = await createService(server, tenant, []);
    const answer = await server.post(`/v1/sign/${jwt.profile}/batch`, { items: [{}] }, { serviceKey });
    expect(answer).toMatchObject({ status: 403, body: { code: 'PROFILE_NOT_GRANTED' } });
  });
});

describe('POST /v1/verify with consume', () => {
  const signed = async () => (await xima.sign({ payload: GOLDEN.payloads.serial })).body;

  it('POST /v1/verify with consume accepts a token once, and asks for the body first', async () => {
    const { token, body } = await signed();
    const consume = true;
    expect((await xima.verify(token!, { body: `${body} `, consume })).body['code']).toBe('INVALID_PAYLOAD_HASH');
    expect((await xima.verify(token!, { body })).body['code']).toBe('OK');
    expect((await xima.verify(token!, { body, consume })).body['code']).toBe('OK');
    expect((await xima.verify(token!, { body, consume })).body['code']).toBe('DUPLICATE_JTI');
    // Without it nothing is asked of the store.
    expect((await xima.verify(token!, { body })).body['code']).toBe('OK');
  });

  it('POST /v1/verify with consume takes the body as bytes', async () => {
    const { token, body } = await signed();
    const bodyBase64 = Buffer.from(body!).toString('base64');
    expect((await xima.verify(token!, { bodyBase64 })).body).toMatchObject({ valid: true });
    expect((await xima.verify(token!, { bodyBase64, body })).status).toBe(400);
  });

  it('POST /v1/verify takes every text of JSON as the body, as it came', async () => {
    // RFC 8259 §7: in a string, only U+0000 to U+001F are escaped.
    const body = '{\r\n\t"note": "\u007f \u0085 \u009f \u2028 \ufeff"\n}';
    const { token } = (await xima.sign({ body })).body;
    expect((await xima.verify(token!, { body })).body).toMatchObject({ code: 'OK' });
    expect((await xima.verify(token!, { body: `${body}\u0000` })).body).toMatchObject({ code: 'INVALID_PAYLOAD_HASH' });
  });

  it('POST /v1/verify with consume holds for a JWT, at each profile by itself', async () => {
    const { token } = (await jwt.sign()).body;
    const call = { serviceKey: jwt.service.serviceKey };
    const verify = () => server.post('/v1/verify', { profile: jwt.profile, token, consume: true }, call);
    expect([(await verify()).body['code'], (await verify()).body['code']]).toEqual(['OK', 'DUPLICATE_JTI']);
  });

  it('POST /v1/verify with consume is left to the profile where a format has no nonce', async () => {
    const plain = await createVendor(server, tenant, 'superoffice-system-user', PEM);
    const careful = await createVendor(server, tenant, 'superoffice-system-user', PEM, {
      settings: { detectReplay: true },
    });
    const { token } = (await plain.sign({ systemUserToken: 'Name' })).body;
    const codes = async (vendor: Vendor) => [
      (await vendor.verify(token!, { consume: true })).body,
      (await vendor.verify(token!, { consume: true })).body,
    ];
    expect(await codes(plain)).toMatchObject([{ code: 'OK' }, { code: 'OK' }]);
    expect(await codes(careful)).toMatchObject([{ code: 'OK' }, { code: 'DUPLICATE_JTI' }]);
  });
});

it('a compromised key is called revoked, in the words of the vendor', async () => {
  const vendor = await createVendor(server, tenant, 'superoffice-system-user', PEM);
  const { token, kid } = (await vendor.sign({ systemUserToken: 'Name' })).body;
  const path = `${tenant.path}/keys/${vendor.keyId}/versions/${kid}/compromise`;
  expect((await server.post(path, {}, tenant.owner)).status).toBe(200);
  expect((await vendor.verify(token!)).body).toMatchObject({ valid: false });
  const { code, vendorResult } = (await vendor.verify(token!)).body;
  expect({ code, vendorResult }).toEqual({ code: 'KEY_NOT_USABLE', vendorResult: 'Revoked' });
  expect((await vendor.diagnose(token!)).body['findings']).toMatchObject([{ cause: 'KEY_NOT_USABLE' }]);
});

describe('POST /v1/diagnose', () => {
  const broken = (): string => {
    const iat = toEpochSeconds(server.clock.now());
    const parts = [
      { alg: 'HS256', typ: 'JWT' },
      { iss: webex.serviceId, iat },
    ];
    const data = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${data}.${createHmac('sha256', GOLDEN.secretBase64).update(data).digest('base64url')}`;
  };

  it('POST /v1/diagnose names the cause, keeps the secret, and is in the history', async () => {
    const answer = await webex.diagnose(broken());
    expect(answer.body).toMatchObject({
      valid: false,
      code: 'INVALID_SIGNATURE',
      findings: [{ cause: 'RAW_SECRET_INSTEAD_OF_DECODED' }],
    });
    expect(answer.text).not.toContain(GOLDEN.secretBase64);
    const history = await server.get(`${tenant.path}/audit-events?action=token.diagnosed&limit=1`, tenant.owner);
    expect(history.body['items']).toMatchObject([{ details: { causes: ['RAW_SECRET_INSTEAD_OF_DECODED'] } }]);
  });

  it('POST /v1/diagnose says when an id was used up', async () => {
    const { token, body } = (await xima.sign({ payload: GOLDEN.payloads.serial })).body;
    await xima.verify(token!, { body, consume: true });
    const usedAt = new Date(server.clock.now()).toISOString();
    manualClock(server).advance(30 * SECOND);
    const answer = await xima.diagnose(token!, { body });
    expect(answer.body).toMatchObject({
      valid: false,
      code: 'DUPLICATE_JTI',
      findings: [{ cause: 'DUPLICATE_JTI', facts: { usedAt } }],
    });
  });

  it('POST /v1/diagnose finds nothing wrong with a good token', async () => {
    const { token } = (await webex.sign()).body;
    expect((await webex.diagnose(token!)).body).toEqual({ valid: true, code: 'OK', findings: [] });
  });

  it('POST /v1/diagnose answers 30 questions a minute', async () => {
    manualClock(server).advance(MINUTE);
    const token = broken();
    for (let asked = 0; asked < 30; asked += 1) expect((await webex.diagnose(token)).status).toBe(200);
    const refused = await webex.diagnose(token);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(refused.headers.get('retry-after')).toBe('60');
    expect((await xima.diagnose('x')).status).toBe(200);
  });
});

describe('a profile is refused', () => {
  it.each([
    ['without the issuer that the vendor knows you by', { format: 'ccai-user' }, '/issuer'],
    [
      'with a life that the vendor does not accept',
      { format: 'webex-connect', maxTtlSeconds: 3_601 },
      '/maxTtlSeconds',
    ],
    [
      'with settings of another format',
      { format: 'webex-connect', settings: { perPhonePerMinute: 5 } },
      '/settings/perPhonePerMinute',
    ],
    [
      'with limits beyond reason',
      { format: 'telesign-app-verify', issuer: 'X', settings: { perPhonePerMinute: 0 } },
      '/settings/perPhonePerMinute',
    ],
    ['with a version that the format does not have', { format: 'webex-connect', version: 'v2' }, '/version'],
    ['with a certificate where none is known', { format: 'webex-connect', certificateKid: 'x' }, '/certificateKid'],
    ['without key and certificate', { format: 'webex-connect', keyId: undefined }, '/keyId'],
  ])('a profile is rejected: %s', async (_what, request, pointer) => {
    const body = { name: 'refused', keyId: webex.keyId, ...request };
    const answer = await server.post(`${tenant.path}/token-profiles`, body, tenant.owner);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR', errors: [{ pointer }] } });
  });

  it('a profile with a key of another algorithm is rejected', async () => {
    const body = { name: 'refused', format: 'superoffice-system-user', keyId: webex.keyId };
    const answer = await server.post(`${tenant.path}/token-profiles`, body, tenant.owner);
    expect(answer).toMatchObject({ status: 422, body: { code: 'KEY_DOES_NOT_SUIT_FORMAT' } });
  });

  it('a rejected profile shows what it has', async () => {
    const path = `${tenant.path}/token-profiles/${xima.profile}`;
    const changed = await server.patch(path, { version: 'v2' }, tenant.owner);
    expect(changed.body).toMatchObject({ version: 'v2', settings: {}, ttlSeconds: 1_800, revision: 2 });
    expect(changed.headers.get('etag')).toBe('"2"');
    const { token, kid } = (await xima.sign({ payload: GOLDEN.payloads.serial })).body;
    expect(claimsOf(token!)).toMatchObject({ iss: 'xima-ccaas', aud: 'xima-ccaas', sub: kid });
  });
});

const claimsOf = (token: string): Shape =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Shape;
