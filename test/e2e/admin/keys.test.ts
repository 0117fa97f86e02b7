import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { algorithmNames, algorithms } from '#crypto';
import {
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';
import { signIn } from './people.js';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'keys');
});
afterAll(() => server.close());

const generate = (body: unknown) => server.post(`${tenant.path}/keys`, body, tenant.owner);
const jwks = (headers = {}) => server.get(`${tenant.path}/.well-known/jwks.json`, { headers });

describe('keys', () => {
  it.each(algorithmNames)('keys are generated for %s and published unless they are secrets', async (algorithm) => {
    const modulus = algorithms[algorithm].kind === 'rsa' ? { modulusBits: 2048 } : {};
    const created = await generate({ name: `key ${algorithm}`, algorithm, ...modulus });
    expect(created.status).toBe(201);
    expect(created.headers.get('etag')).toBe('"1"');
    const { versions, ...key } = created.body;
    expect(key).toEqual({
      id: expect.any(String),
      name: `key ${algorithm}`,
      state: 'active',
      algorithm,
      modulusBits: 'modulusBits' in modulus ? 2048 : null,
      origin: 'generated',
      keyStore: null,
      exportable: false,
      weak: false,
      rotateEverySeconds: null,
      contacts: [],
      version: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      lastUsedAt: null,
      deletedAt: null,
      nextRotationAt: null,
      secretEncoding: null,
      destroysAt: null,
    });
    const version = (versions as unknown as Shape[])[0]!;
    expect(version).toMatchObject({ number: 1, state: 'active', retiredAt: null });
    expect(created.text).not.toMatch(/sealed|"(d|p|q|dp|dq|qi|k|priv)":/);
    const published = ((await jwks()).body['keys'] as unknown as Shape[]).filter(({ kid }) => kid === version['kid']);
    expect(published).toEqual(algorithms[algorithm].symmetric ? [] : [version['publicJwk']]);
    expect((await server.get(`${tenant.path}/keys/${key['id']}`, tenant.owner)).body).toEqual(created.body);
  });

  it.each([
    [{ algorithm: 'none' }, '/algorithm'],
    [{ name: '-padded' }, '/name'],
    [{ name: 'n'.repeat(101) }, '/name'],
    [{ algorithm: 'RS256', modulusBits: 2049 }, '/modulusBits'],
    [{ algorithm: 'RS256', modulusBits: 1024 }, '/modulusBits'],
    [{ algorithm: 'ES256', modulusBits: 2048 }, '/modulusBits'],
    [{ rotateEverySeconds: 3_599 }, '/rotateEverySeconds'],
    [{ rotateEverySeconds: 315_360_001 }, '/rotateEverySeconds'],
    [{ state: 'active' }, '/state'],
  ])('a key is rejected: %j', async (body, pointer) => {
    const answer = await generate({ name: 'refused', algorithm: 'ES256', ...body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  it('keys have names of their own and are listed without versions', async () => {
    const request = { name: 'listed', algorithm: 'EdDSA', exportable: true, rotateEverySeconds: 3_600 };
    expect((await generate(request)).body).toMatchObject({ exportable: true, rotateEverySeconds: 3_600 });
    expect(await generate(request)).toMatchObject({ status: 409, body: { code: 'KEY_NAME_TAKEN' } });
    const { items } = (await server.get(`${tenant.path}/keys?limit=200`, tenant.owner)).body;
    const last = (items as unknown as Shape[]).at(-1)!;
    expect([last['name'], last['versions']]).toEqual(['listed', undefined]);
  });

  it('keys show their public half as JWK and PEM', async () => {
    const publicUrl = async (algorithm: string) => {
      const { body } = await generate({ name: `public ${algorithm}`, algorithm });
      const version = (body['versions'] as unknown as Shape[])[0]!;
      return { version, url: `${tenant.path}/keys/${body['id']}/versions/${version['kid']}/public` };
    };
    const { version, url } = await publicUrl('ES384');
    expect((await server.get(url, tenant.owner)).body).toEqual(version['publicJwk']);
    const pem = await server.get(`${url}?format=pem`, tenant.owner);
    expect(pem.headers.get('content-type')).toMatch(/^application\/x-pem-file/);
    expect(createPublicKey(pem.text).export({ format: 'jwk' })['x']).toBe(version['publicJwk']!['x']);
    expect((await server.get(`${url}?format=der`, tenant.owner)).status).toBe(400);
    expect((await server.get(url.replace(version['kid']!, 'other'), tenant.owner)).status).toBe(404);
    const secret = await publicUrl('HS512');
    expect(await server.get(secret.url, tenant.owner)).toMatchObject({
      status: 422,
      body: { code: 'KEY_HAS_NO_PUBLIC_HALF' },
    });
  });

  it('keys are created by managers, and do not exist for another tenant', async () => {
    const auditor = await signIn(server, tenant, 'auditor');
    const request = { name: 'not mine', algorithm: 'ES256' };
    expect((await server.post(`${tenant.path}/keys`, request, auditor)).status).toBe(403);
    expect((await server.get(`${tenant.path}/keys`, auditor)).status).toBe(200);
    const other = await createTenant(server, 'other-keys');
    const { id } = (await generate({ name: 'private', algorithm: 'ES256' })).body;
    for (const base of [tenant.path, other.path]) {
      expect((await server.get(`${base}/keys/${id}`, other.owner)).status).toBe(404);
    }
    expect((await server.post(`${tenant.path}/keys`, request, other.owner)).status).toBe(404);
  });
});

describe('what is public', () => {
  describe('that are changed', () => {
    const created = async (body: object): Promise<Shape> => (await generate({ algorithm: 'ES256', ...body })).body;
    const change = (id: string, body: object, headers = {}) =>
      server.patch(`${tenant.path}/keys/${id}`, body, { ...tenant.owner, headers });

    it('a key takes a new name and frees the old one, under `If-Match`', async () => {
      const { id } = await created({ name: 'before' });
      await created({ name: 'taken' });
      expect(await change(id!, { name: 'taken' })).toMatchObject({ status: 409, body: { code: 'KEY_NAME_TAKEN' } });
      expect((await change(id!, { name: 'after' }, { 'If-Match': '"7"' })).status).toBe(412);
      const changed = await change(id!, { name: 'after' }, { 'If-Match': '"1"' });
      expect(changed).toMatchObject({ status: 200, body: { name: 'after', version: 2 } });
      expect(changed.headers.get('etag')).toBe('"2"');
      expect((await generate({ name: 'before', algorithm: 'ES256' })).status).toBe(201);
    });

    it('a key rotates by a new schedule that counts from its newest version, or by hand only', async () => {
      const { id } = await created({ name: 'scheduled' });
      const daily = await change(id!, { rotateEverySeconds: 86_400 });
      // 6 minutes ahead of the day, so that every cache of the JWKS has the version when it starts to sign.
      expect(daily.body).toMatchObject({ rotateEverySeconds: 86_400, nextRotationAt: '2026-01-01T23:54:00.000Z' });
      const byHand = await change(id!, { rotateEverySeconds: null });
      expect(byHand.body).toMatchObject({ rotateEverySeconds: null, nextRotationAt: null });
    });

    it('a key can stop being exportable, and never become it', async () => {
      const { id, versions } = await created({ name: 'leaving', exportable: true });
      expect((await change(id!, { exportable: true })).body).toMatchObject({ exportable: true, version: 1 });
      expect((await change(id!, { exportable: false })).body).toMatchObject({ exportable: false, version: 2 });
      const back = await change(id!, { exportable: true });
      expect(back).toMatchObject({ status: 409, body: { code: 'KEY_EXPORTABILITY_FIXED' } });
      const body = { format: 'pem', password: PASSWORD, passphrase: 'a long passphrase' };
      const kid = (versions as unknown as Shape[])[0]!['kid'];
      const leaked = await server.post(`${tenant.path}/keys/${id}/versions/${kid}/export`, body, tenant.owner);
      expect(leaked).toMatchObject({ status: 403, body: { code: 'KEY_NOT_EXPORTABLE' } });
    });

    it('a change of a key is recorded with the values before and after, and not where nothing changes', async () => {
      const { id } = await created({ name: 'recorded', exportable: true });
      await change(id!, { name: 'recorded anew', rotateEverySeconds: 86_400, exportable: true });
      await change(id!, { name: 'recorded anew' });
      await change(id!, {});
      const { items } = (await server.get(`${tenant.path}/audit-events?targetId=${id}`, tenant.owner)).body;
      expect(items).toMatchObject([
        {
          action: 'key.changed',
          before: { name: 'recorded', rotateEverySeconds: null },
          after: { name: 'recorded anew', rotateEverySeconds: 86_400 },
        },
        { action: 'key.generated' },
      ]);
      expect((items as unknown as Shape[])[0]!['after']).not.toHaveProperty('exportable');
    });

    it.each([
      [{ name: '' }, '/name'],
      [{ name: null }, '/name'],
      [{ rotateEverySeconds: 3_599 }, '/rotateEverySeconds'],
      [{ rotateEverySeconds: '86400' }, '/rotateEverySeconds'],
      [{ exportable: null }, '/exportable'],
      [{ algorithm: 'RS256' }, '/algorithm'],
      [{ state: 'active' }, '/state'],
    ])('a key is not changed by %j', async (body, pointer) => {
      const { id } = await created({ name: `unchanged ${JSON.stringify(body).replaceAll(/\W/g, '')}` });
      expect(await change(id!, body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    });

    it('a key is changed by managers only, and not once it is deleted', async () => {
      const { id } = await created({ name: 'guarded' });
      const limited = await signIn(server, tenant, 'limited_access');
      expect((await server.patch(`${tenant.path}/keys/${id}`, { name: 'x' }, limited)).status).toBe(403);
      expect((await server.delete(`${tenant.path}/keys/${id}`, { password: PASSWORD }, tenant.owner)).status).toBe(204);
      expect(await change(id!, { name: 'x' })).toMatchObject({ status: 409, body: { code: 'WRONG_STATE' } });
    });
  });

  it('the public key set may be cached and asked for again', async () => {
    const answer = await jwks();
    const etag = answer.headers.get('etag')!;
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    const again = await jwks({ 'If-None-Match': `"other", W/${etag}` });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    await generate({ name: 'newer', algorithm: 'ES256' });
    expect((await jwks({ 'If-None-Match': etag })).status).toBe(200);
    const absent = await server.get('/v1/tenants/nobody/.well-known/jwks.json');
    expect([absent.status, absent.headers.get('cache-control')]).toEqual([404, 'no-store']);
  });

  it('the discovery document describes the issuer at its own address', async () => {
    const answer = await server.get(`/v1/tenants/${tenant.slug}/.well-known/openid-configuration`);
    expect(answer.body).toMatchObject({
      issuer: `${server.url}${tenant.path}`,
      jwks_uri: `${server.url}${tenant.path}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: expect.arrayContaining(['ES256', 'EdDSA', 'RS256']),
    });
    expect(answer.text).not.toContain('HS256');
  });

  it('the health routes say that the server is live and ready', async () => {
    expect(await server.get('/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await server.get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });
});
