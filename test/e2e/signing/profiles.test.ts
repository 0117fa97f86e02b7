import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer, createKey, createProfile, createService } from './issuer.js';

const AUDIENCES = ['https://one.example', 'https://two.example'];

let server: TestServer;
let tenant: TestTenant;
let issuer: TestIssuer;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'profiles');
  issuer = await createIssuer(server, tenant, {
    issuer: 'https://tokens.example',
    audience: AUDIENCES,
    ttlSeconds: 60,
    maxTtlSeconds: 600,
    fixedClaims: { plan: 'gold', limits: { seats: 5 } },
    allowedClaims: ['scope', 'plan', 'note'],
    requiredClaims: ['scope', 'plan'],
  });
});
afterAll(() => server.close());

const create = (request: object) =>
  server.post(
    `${tenant.path}/token-profiles`,
    { name: 'refused', format: 'jwt', keyId: issuer.keyId, ...request },
    tenant.owner,
  );

describe('a token says what its profile says', () => {
  it('a token has the claims of its profile and those that the caller may add', async () => {
    const { body } = await issuer.sign({ subject: 'user-42', claims: { scope: 'read', note: ['ü', null, 1.5] } });
    const { iat, jti, ...claims } = decodeJwt(body['token']!);
    expect(claims).toEqual({
      iss: 'https://tokens.example',
      sub: 'user-42',
      aud: AUDIENCES,
      exp: iat! + 60,
      plan: 'gold',
      limits: { seats: 5 },
      scope: 'read',
      note: ['ü', null, 1.5],
    });
    expect(body['tokenId']).toBe(jti);
  });

  it('a token is for an audience of its profile', async () => {
    const named = await issuer.sign({ audience: AUDIENCES[1], claims: { scope: 'read' } });
    expect(decodeJwt(named.body['token']!).aud).toBe(AUDIENCES[1]);
    const open = await createProfile(server, tenant, { keyId: issuer.keyId });
    expect(decodeJwt((await issuer.sign({ audience: ['any'] }, open)).body['token']!).aud).toEqual(['any']);
    expect(decodeJwt((await issuer.sign({}, open)).body['token']!)).not.toHaveProperty('aud');
  });

  it('a token lasts no longer than its profile permits', async () => {
    for (const ttlSeconds of [1, 600]) {
      const { iat, exp } = decodeJwt((await issuer.sign({ ttlSeconds, claims: { scope: '' } })).body['token']!);
      expect(exp! - iat!).toBe(ttlSeconds);
    }
  });

  it('a token is never the same twice', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => issuer.sign({ claims: { scope: 'read' } })));
    expect(new Set(answers.map(({ body }) => body['tokenId'])).size).toBe(20);
  });
});

describe('a caller is refused', () => {
  const scope = 'read';
  it.each([
    ['a lifetime over the limit', { ttlSeconds: 601 }, '/ttlSeconds', 'TTL_TOO_LONG'],
    ['no lifetime', { ttlSeconds: 0 }, '/ttlSeconds', 'INVALID_VALUE'],
    ['a lifetime as text', { ttlSeconds: '60' }, '/ttlSeconds', 'WRONG_TYPE'],
    ['half a second', { ttlSeconds: 0.5 }, '/ttlSeconds', 'WRONG_TYPE'],
    ['a claim that is not allowed', { claims: { scope, admin: true } }, '/claims/admin', 'CLAIM_NOT_ALLOWED'],
    ['a claim that is fixed', { claims: { scope, plan: 'free' } }, '/claims/plan', 'CLAIM_NOT_ALLOWED'],
    ['a token without a required claim', { claims: {} }, '/claims/scope', 'CLAIM_REQUIRED'],
    ['an audience that is not listed', { audience: 'https://three.example' }, '/audience', 'AUDIENCE_NOT_ALLOWED'],
    ['one such audience among others', { audience: [...AUDIENCES, 'x'] }, '/audience', 'AUDIENCE_NOT_ALLOWED'],
    ['an unknown field', { sub: 'user-42' }, '/sub', 'UNKNOWN_FIELD'],
    ['an empty subject', { subject: '' }, '/subject', 'INVALID_VALUE'],
    ['claims that are a list', { claims: ['scope'] }, '/claims', 'WRONG_TYPE'],
    ['a name that needs escaping', { claims: { scope, 'a/b~c': 1 } }, '/claims/a~1b~0c', 'CLAIM_NOT_ALLOWED'],
  ])('a request to sign is rejected: %s', async (_, input, pointer, code) => {
    const answer = await issuer.sign({ claims: { scope }, ...input });
    expect(answer.status).toBe(400);
    expect(answer.body['code']).toBe('VALIDATION_ERROR');
    expect(answer.body['errors']).toContainEqual({ pointer, code, detail: expect.any(String) });
  });

  it.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])(
    'the registered claim %s is rejected, also where the profile allows "*"',
    async (name) => {
      const open = await createProfile(server, tenant, { keyId: issuer.keyId, allowedClaims: ['*'] });
      const answer = await issuer.sign({ claims: { [name]: 1, own: 1 } }, open);
      expect(answer.status).toBe(400);
      expect(answer.body['errors']).toEqual([
        { pointer: `/claims/${name}`, code: 'CLAIM_NOT_ALLOWED', detail: expect.any(String) },
      ]);
    },
  );

  it('a token that would be too large to be verified is rejected', async () => {
    const open = await createProfile(server, tenant, { keyId: issuer.keyId, allowedClaims: ['*'] });
    const fixedClaims = { list: Array.from({ length: 900 }, () => 0) };
    const crowded = await createProfile(server, tenant, { keyId: issuer.keyId, allowedClaims: ['*'], fixedClaims });
    const answer = await issuer.sign({ claims: { note: 'x'.repeat(20_000) } }, open);
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/claims', code: 'TOO_LONG' }] });
    const wide = await issuer.sign({ claims: { note: Array.from({ length: 990 }, () => 0) } }, crowded);
    expect(wide.body).toMatchObject({ status: 400, errors: [{ pointer: '/claims', code: 'TOO_MANY_MEMBERS' }] });
    const largest = await issuer.sign({ claims: { note: 'x'.repeat(11_000) } }, open);
    expect((await issuer.verify(largest.body['token']!, open)).body['code']).toBe('OK');
  });

  it('a body of a request to sign that is no object is rejected', async () => {
    for (const body of ['[]', '"text"', '1']) expect((await issuer.sign(body)).status).toBe(400);
  });
});

describe('grants', () => {
  it('the grants of a service name the profiles that it may use', async () => {
    const granted = await createProfile(server, tenant, { keyId: issuer.keyId });
    const service = await createService(server, tenant, [granted]);
    const call = { serviceKey: service.serviceKey };
    const refused = { status: 403, body: { code: 'PROFILE_NOT_GRANTED' } };
    expect((await server.post(`/v1/sign/${granted}`, {}, call)).status).toBe(200);
    expect(await server.post(`/v1/sign/${issuer.profile}`, {}, call)).toMatchObject(refused);
    expect(await server.post('/v1/sign/unknown', {}, call)).toMatchObject(refused);
    expect(await server.post('/v1/verify', { profile: issuer.profile, token: 'x' }, call)).toMatchObject(refused);
  });

  it('the grant "*" ends at what exists in the tenant', async () => {
    const other = await createIssuer(server, await createTenant(server, 'other-profiles'), {});
    for (const profile of ['unknown', other.profile, `${issuer.profile}%20`, issuer.profile.toUpperCase()]) {
      expect(await issuer.sign({}, profile)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
    expect(await issuer.verify('x', other.profile)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

describe('a profile is not created', () => {
  it('a profile is not created with the key of another tenant, or one that does not exist', async () => {
    const stranger = await createTenant(server, 'key-stranger');
    const { keyId } = await createKey(server, stranger, 'ES256');
    for (const id of [keyId, '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b']) {
      expect(await create({ keyId: id })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      const change = await server.patch(`${tenant.path}/token-profiles/${issuer.profile}`, { keyId: id }, tenant.owner);
      expect(change).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });

  it.each([
    ['with a default lifetime above the longest', { ttlSeconds: 61, maxTtlSeconds: 60 }, '/ttlSeconds'],
    ['with a lifetime of more than 30 days', { maxTtlSeconds: 2_592_001 }, '/maxTtlSeconds'],
    ['with a registered claim that is fixed', { fixedClaims: { exp: 1 } }, '/fixedClaims/exp'],
    ['of an unknown format', { format: 'paseto' }, '/format'],
    ['with a name that no path can hold', { name: 'a/b' }, '/name'],
    ['with an unknown field', { color: 'red' }, '/color'],
    ['with more tolerance than ten minutes', { skewSeconds: 601 }, '/skewSeconds'],
  ])('a profile is not created %s', async (_, request, pointer) => {
    const answer = await create(request);
    expect(answer.status).toBe(400);
    expect(answer.body['errors']).toContainEqual(expect.objectContaining({ pointer }));
  });

  it('a profile is not created under a name that is taken', async () => {
    expect(await create({ name: issuer.profile })).toMatchObject({ status: 409, body: { code: 'PROFILE_NAME_TAKEN' } });
  });
});

describe('a profile that changes', () => {
  it('a profile that changes applies to the next token, and only if no other change came first', async () => {
    const name = await createProfile(server, tenant, { keyId: issuer.keyId });
    const path = `${tenant.path}/token-profiles/${name}`;
    const changed = await server.patch(
      path,
      { ttlSeconds: 10 },
      { ...tenant.owner, headers: { 'If-Match': (await server.get(path, tenant.owner)).headers.get('etag')! } },
    );
    expect(changed).toMatchObject({ status: 200, body: { ttlSeconds: 10, revision: 2 } });
    const { iat, exp } = decodeJwt((await issuer.sign({}, name)).body['token']!);
    expect(exp! - iat!).toBe(10);
    const late = await server.patch(path, { ttlSeconds: 20 }, { ...tenant.owner, headers: { 'If-Match': '"1"' } });
    expect(late).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED' } });
    const contradiction = await server.patch(path, { maxTtlSeconds: 5 }, tenant.owner);
    expect(contradiction).toMatchObject({ status: 400, body: { errors: [{ pointer: '/ttlSeconds' }] } });
  });

  it('a profile that changes signs no more once it is deleted', async () => {
    const name = await createProfile(server, tenant, { keyId: issuer.keyId });
    expect((await server.delete(`${tenant.path}/token-profiles/${name}`, undefined, tenant.owner)).status).toBe(204);
    expect((await issuer.sign({}, name)).status).toBe(404);
  });
});
