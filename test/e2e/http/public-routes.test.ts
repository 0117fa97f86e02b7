import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, SECOND } from '#core';
import { CredentialUsage } from '#service-keys';

import { type Call, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, issue } from '../certificates/pki.js';
import { createIssuer } from '../signing/issuer.js';

const clock = new ManualClock();
let server: TestServer;
let tenant: TestTenant;
let caId: string;
let credential: string;
let serviceKey: string;
/** The path of each resource whose answer has an `ETag`, by name. */
let tagged: Record<string, string>;
/** The paths that browsers may read, by name. */
let open: Record<string, string>;

beforeAll(async () => {
  server = await startTestServer({ clock });
  tenant = await createTenant(server, 'public');
  const issuer = await createIssuer(server, tenant);
  ({ serviceKey } = issuer.service);
  caId = (await createAuthority(server, tenant))['id']!;
  const { kid } = (await issue(server, tenant, { caId })).body;
  const credentials = `${tenant.path}/services/${issuer.service.id}/credentials`;
  const { items } = (await server.get(`${credentials}?authType=service_key`, tenant.owner)).body;
  credential = `${credentials}/${items![0]!['id']}`;
  open = {
    'the JWKS': `${tenant.path}/.well-known/jwks.json`,
    'the discovery document': `${tenant.path}/.well-known/openid-configuration`,
    'the certificate of an authority': `/pki/${caId}/ca.crt`,
    'the revocation list': `/pki/${caId}/crl`,
  };
  tagged = {
    ...open,
    'the API document': '/openapi.json',
    'the tenant': tenant.path,
    'a service': `${tenant.path}/services/${issuer.service.id}`,
    'a credential': credential,
    'a key': `${tenant.path}/keys/${issuer.keyId}`,
    'a token profile': `${tenant.path}/token-profiles/${issuer.profile}`,
    'an authority': `${tenant.path}/certificate-authorities/${caId}`,
    'a certificate': `${tenant.path}/certificates/${kid}`,
  };
});
afterAll(() => server.close());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  server.request(method, path, undefined, { ...(path.startsWith(tenant.path) ? tenant.owner : {}), headers } as Call);

describe('an answer that has an entity tag is not sent again to a client that has it (RFC 9110 §13.2.1)', () => {
  it.each([
    'the JWKS',
    'the discovery document',
    'the certificate of an authority',
    'the revocation list',
    'the API document',
    'the tenant',
    'a service',
    'a credential',
    'a key',
    'a token profile',
    'an authority',
    'a certificate',
  ])('%s is answered 304 to its own tag, and whole to another one', async (name) => {
    const path = tagged[name]!;
    const first = await get(path);
    const tag = first.headers.get('etag')!;
    expect([first.status, tag]).toEqual([200, expect.stringMatching(/^"[\w-]+"$/)]);
    for (const header of [tag, `"other", W/${tag}`, '*']) {
      const held = await get(path, { 'If-None-Match': header });
      expect([held.status, held.text, held.headers.get('etag')]).toEqual([304, '', tag]);
      expect(held.headers.get('content-type')).toBeNull();
      expect(held.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
    }
    expect((await get(path, { 'If-None-Match': tag }, 'HEAD')).status).toBe(304);
    const other = await get(path, { 'If-None-Match': '"other"' });
    expect([other.status, other.text]).toEqual([200, first.text]);
  });

  it('a member that changes without a new version changes the tag of what is read, and no condition of a change', async () => {
    const before = (await get(credential)).headers.get('etag')!;
    await server.get('/v1/whoami', { serviceKey });
    await server.server.app.get(CredentialUsage).flush();
    const after = await get(credential, { 'If-None-Match': before });
    expect([after.status, after.body['version']]).toEqual([200, 1]);
    expect(after.body['lastUsedAt']).toBeTruthy();
    const renamed = await server.patch(credential, { name: 'x' }, { ...tenant.owner, headers: { 'If-Match': before } });
    expect([renamed.status, renamed.headers.get('etag')]).toEqual([200, '"2"']);
    const again = await server.patch(credential, { name: 'y' }, { ...tenant.owner, headers: { 'If-Match': before } });
    expect(again).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
  });

  it('a refusal is sent whatever the caller holds', async () => {
    const missing = await get('/pki/019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b/crl', { 'If-None-Match': '*' });
    expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

describe('the revocation list', () => {
  const read = (headers: Record<string, string> = {}) => get(`/pki/${caId}/crl`, headers);

  it('the revocation list has a date once its second is over, which a client that has it may ask with', async () => {
    const { kid } = (await issue(server, tenant, { caId })).body;
    const revoke = (body: object) => server.post(`${tenant.path}/certificates/${kid}/revoke`, body, tenant.owner);
    expect((await revoke({ reason: 'superseded' })).status).toBe(200);
    // Another list may be made in this second: no client may take the two for one.
    expect((await read()).headers.get('last-modified')).toBeNull();
    await server.setTime(clock.now() + SECOND);
    const first = await read();
    const date = first.headers.get('last-modified')!;
    expect(Date.parse(date)).toBe(clock.now() - SECOND);
    expect((await read({ 'If-Modified-Since': date })).status).toBe(304);
    expect((await read({ 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).status).toBe(200);
    // A tag is the better condition: the date beside it is not looked at (RFC 9110 §13.1.3).
    expect((await read({ 'If-Modified-Since': date, 'If-None-Match': '"other"' })).status).toBe(200);
  });

  it('the revocation list is sent again once a certificate was revoked', async () => {
    const tag = (await read()).headers.get('etag')!;
    const { kid } = (await issue(server, tenant, { caId })).body;
    await server.post(`${tenant.path}/certificates/${kid}/revoke`, { reason: 'superseded' }, tenant.owner);
    const next = await read({ 'If-None-Match': tag });
    expect(next.status).toBe(200);
    expect(next.headers.get('etag')).not.toBe(tag);
  });
});

describe('pages of every origin', () => {
  const ORIGIN = { Origin: 'https://app.example' };
  const NAMES = ['the JWKS', 'the discovery document', 'the certificate of an authority', 'the revocation list'];

  it.each(NAMES)('pages of every origin may read %s', async (name) => {
    const { headers, status } = await get(open[name]!, ORIGIN);
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('access-control-expose-headers')).toContain('ETag');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  it.each(NAMES)('pages of every origin may ask before they read %s', async (name) => {
    const asked = {
      ...ORIGIN,
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'if-none-match',
    };
    const answer = await get(open[name]!, asked, 'OPTIONS');
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
    expect(answer.headers.get('access-control-allow-headers')).toBe('*');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('pages of every origin may send OCSP requests, by POST and by GET, and read refusals', async () => {
    const asked = {
      ...ORIGIN,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    };
    const preflight = await get(`/pki/${caId}/ocsp`, asked, 'OPTIONS');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    for (const path of [`/pki/${caId}/ocsp/MA==`, `/pki/${caId}/ocsp/M/A==`, '/pki/none/crl']) {
      expect((await get(path, ORIGIN)).headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it.each(['/v1/auth/me', '/health/live', '/v1/whoami', '/openapi.json'])(
    'pages of other origins may not read %s',
    async (path) => {
      const answer = await get(path, ORIGIN);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
      const preflight = await get(path, { ...ORIGIN, 'Access-Control-Request-Method': 'GET' }, 'OPTIONS');
      expect(preflight).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
      expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});
