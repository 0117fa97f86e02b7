import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AlgorithmName, algorithm } from '#crypto';
import { readKey } from '#pki';
import { createMigratedDatabase } from '../../support/database.js';
import { joinTenant } from '../../support/people.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  type Call,
  PASSWORD,
  type Shape,
  type TestServer,
  type TestTenant,
  createTenant,
  startTestServer,
} from '../../support/server.js';

const PASSPHRASE = 'a passphrase of the test';
let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'key-material');
});
afterAll(() => server.close());

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const pem = (key = ec): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const encrypted = ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }).toString();

let names = 0;
const post = (path: string, body: unknown, caller: Call = tenant.owner) =>
  server.post(`${tenant.path}/keys${path}`, body, caller);
const importKey = (body: object, caller?: Call) => post('/import', { name: `imported ${++names}`, ...body }, caller);

/** A key of the tenant, and the path of its one version. */
async function imported(body: object): Promise<{ id: string; kid: string; version: string; body: Shape }> {
  const answer = await importKey(body);
  if (answer.status !== 201) throw new Error(`The key was refused: ${answer.text}`);
  const [version] = answer.body['versions'] as unknown as Shape[];
  const [id, kid] = [answer.body['id']!, version!['kid']!];
  return { id, kid, version: `/${id}/versions/${kid}`, body: answer.body };
}

const eventsOf = async (targetId: string): Promise<Shape[]> => {
  const { body } = await server.get(`${tenant.path}/audit-events?targetId=${targetId}`, tenant.owner);
  return body['items'] as unknown as Shape[];
};

const member = async (role: string): Promise<Call> => {
  const email = `${role.replace('_', '-')}@material.test`;
  await joinTenant(server, tenant, { email, role });
  return { token: await server.login(email, PASSWORD) };
};

describe('an imported key', () => {
  it('an imported key is described, published and signs immediately', async () => {
    const { id, kid, body } = await imported({ algorithm: 'ES256', format: 'pem', data: pem() });
    expect(body).toMatchObject({
      origin: 'imported',
      weak: false,
      exportable: false,
      secretEncoding: null,
      state: 'active',
    });
    expect((body['versions'] as unknown as Shape[])[0]).toMatchObject({ number: 1, state: 'active' });
    const { x } = ec.export({ format: 'jwk' });
    const { keys } = (await server.get(`${tenant.path}/.well-known/jwks.json`)).body;
    expect((keys as unknown as Shape[]).find((jwk) => jwk['kid'] === kid)).toMatchObject({
      x,
      alg: 'ES256',
      use: 'sig',
    });

    const [event] = await eventsOf(id);
    expect(event).toMatchObject({
      action: 'key.imported',
      kid,
      after: { algorithm: 'ES256', exportable: false, weak: false },
    });

    const profile = { name: 'imported', format: 'jwt', keyId: id, allowedClaims: ['*'] };
    expect((await server.post(`${tenant.path}/token-profiles`, profile, tenant.owner)).status).toBe(201);
    const service = await server.post(`${tenant.path}/services`, { name: 'signer', profiles: ['*'] }, tenant.owner);
    const call = { serviceKey: (service.body['serviceKey'] as unknown as Shape)['secret'] };
    const { token } = (await server.post('/v1/sign/imported', { subject: 'somebody' }, call)).body;
    const [header, payload, signature] = String(token).split('.');
    const data = Buffer.from(`${header}.${payload}`);
    const half = createPublicKey(ec);
    expect(await algorithm('ES256').verify(data, Buffer.from(signature!, 'base64url'), half)).toBe(true);
  });

  const secret = randomBytes(32).toString('base64');
  it.each([
    [
      'a JWK as an object',
      () => ({ algorithm: 'RS256', format: 'jwk', data: rsa.export({ format: 'jwk' }) }),
      { modulusBits: 2048 },
    ],
    [
      'a JWK as text',
      () => ({ algorithm: 'PS256', format: 'jwk', data: JSON.stringify(rsa.export({ format: 'jwk' })) }),
      { modulusBits: 2048 },
    ],
    [
      'an encrypted PEM',
      () => ({ algorithm: 'ES256', format: 'pem', data: encrypted, password: PASSPHRASE }),
      { modulusBits: null },
    ],
    [
      'a secret in Base64',
      () => ({ algorithm: 'HS256', format: 'secret-base64', data: secret }),
      { secretEncoding: 'base64', weak: false },
    ],
    [
      'a secret as text',
      () => ({ algorithm: 'HS256', format: 'secret', data: 'short, ünd weak\n' }),
      { secretEncoding: 'text', weak: true },
    ],
    [
      'an RSA key of 1024 bits',
      () => ({
        algorithm: 'RS256',
        format: 'pem',
        data: pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      }),
      { weak: true, modulusBits: 1024 },
    ],
  ])('an imported key may be %s', async (_, body, expected) => {
    expect((await imported(body())).body).toMatchObject(expected);
  });

  it.each([
    [
      'WEAK_KEY',
      422,
      () => ({
        algorithm: 'RS256',
        format: 'jwk',
        data: generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export({ format: 'jwk' }),
      }),
    ],
    ['INVALID_KEY', 422, () => ({ algorithm: 'RS256', format: 'pem', data: pem() })],
    [
      'INVALID_KEY',
      422,
      () => ({ algorithm: 'RS256', format: 'rsa-xml', data: '<!DOCTYPE x><RSAKeyValue></RSAKeyValue>' }),
    ],
    [
      'INCONSISTENT_KEY',
      422,
      () => ({ algorithm: 'RS256', format: 'jwk', data: { ...rsa.export({ format: 'jwk' }), dp: 'AQAB' } }),
    ],
    ['PASSPHRASE_REQUIRED', 422, () => ({ algorithm: 'ES256', format: 'pem', data: encrypted })],
    [
      'PASSPHRASE_INVALID',
      422,
      () => ({ algorithm: 'ES256', format: 'pem', data: encrypted, password: 'another one' }),
    ],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'pem', data: { kty: 'EC' } })],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'pem', data: 7 })],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'pem', data: '' })],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'pem', data: 'x'.repeat(50_000) })],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'der', data: pem() })],
    ['VALIDATION_ERROR', 400, () => ({ algorithm: 'ES256', format: 'pem', data: pem(), weak: false })],
  ])('an imported key is rejected: %s', async (code, status, body) => {
    const answer = await importKey(body());
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('an imported key that is weak signs in no format of our own', async () => {
    const { id } = await imported({ algorithm: 'HS256', format: 'secret', data: 'too short for its hash' });
    const profile = { name: 'weak', format: 'jwt', keyId: id };
    const answer = await server.post(`${tenant.path}/token-profiles`, profile, tenant.owner);
    expect(answer).toMatchObject({ status: 422, body: { code: 'KEY_DOES_NOT_SUIT_FORMAT' } });
  });

  it('an imported key has a name of its own, and comes from managers', async () => {
    const body = { name: 'taken', algorithm: 'ES256', format: 'pem', data: pem() };
    expect((await post('/import', body)).status).toBe(201);
    expect(await post('/import', body)).toMatchObject({ status: 409, body: { code: 'KEY_NAME_TAKEN' } });
    for (const role of ['limited_access', 'auditor']) {
      expect((await importKey(body, await member(role))).status).toBe(403);
    }
  });
});

describe('the public half', () => {
  it('the public half is given as JWK, PEM and XML', async () => {
    const { version } = await imported({ algorithm: 'RS256', format: 'pem', data: pem(rsa) });
    const url = `${tenant.path}/keys${version}/public`;
    expect((await server.get(url, tenant.owner)).body).toMatchObject({
      kty: 'RSA',
      n: rsa.export({ format: 'jwk' }).n,
    });
    const asPem = await server.get(`${url}?format=pem`, tenant.owner);
    expect(createPublicKey(asPem.text).equals(createPublicKey(rsa))).toBe(true);
    const xml = await server.get(`${url}?format=rsa-xml`, tenant.owner);
    expect(xml.headers.get('content-type')).toMatch(/^application\/xml/);
    expect(xml.text).toMatch(/^<RSAKeyValue><Modulus>[^<]+<\/Modulus><Exponent>AQAB<\/Exponent><\/RSAKeyValue>$/);
    expect((await server.get(`${url}?format=pkcs12`, tenant.owner)).status).toBe(400);
    expect((await server.get(url.replace(/versions.*public/, 'versions/other/public'), tenant.owner)).status).toBe(404);
  });

  it('the public half is rejected where there is none, or none in that format', async () => {
    const curve = await imported({ algorithm: 'ES256', format: 'pem', data: pem() });
    const xml = await server.get(`${tenant.path}/keys${curve.version}/public?format=rsa-xml`, tenant.owner);
    expect(xml).toMatchObject({ status: 422, body: { code: 'KEY_FORMAT_DOES_NOT_SUIT' } });
    const secret = await imported({
      algorithm: 'HS256',
      format: 'secret',
      data: 'a secret without a public half, long',
    });
    const none = await server.get(`${tenant.path}/keys${secret.version}/public`, tenant.owner);
    expect(none).toMatchObject({ status: 422, body: { code: 'KEY_HAS_NO_PUBLIC_HALF' } });
  });
});

describe('the private half', () => {
  const exportable = (body: object) => imported({ exportable: true, ...body });
  const rsaKey = { algorithm: 'RS256', format: 'pem', data: pem(rsa) };
  const request = { format: 'pem', password: PASSWORD, passphrase: PASSPHRASE };

  it.each(['pem', 'jwk', 'rsa-xml', 'pkcs12'] as const)(
    'the private half leaves as %s, and comes back',
    async (format) => {
      const { id, kid, version } = await exportable(rsaKey);
      const answer = await post(`${version}/export`, { ...request, format });
      expect(answer).toMatchObject({ status: 200, body: { kid, format } });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const { data } = answer.body as unknown as { data: string };
      const { signingKey } = await readKey(format, data, { algorithm: 'RS256', passphrase: PASSPHRASE });
      expect(signingKey.equals(rsa)).toBe(true);
      expect((await eventsOf(id))[0]).toMatchObject({
        action: 'key.exported',
        kid,
        details: { format },
        outcome: 'success',
      });
      if (format === 'pem') expect(createPrivateKey({ key: data, passphrase: PASSPHRASE }).equals(rsa)).toBe(true);
      const again = await importKey({ algorithm: 'RS256', format, data, password: PASSPHRASE });
      expect(again.status).toBe(201);
    },
  );

  it.each<[AlgorithmName, string, string]>([
    ['HS256', 'secret', 'the secret of a vendor, as text'],
    ['HS256', 'secret-base64', randomBytes(32).toString('base64')],
  ])('the private half of %s leaves as it came: %s', async (name, format, data) => {
    const { version } = await exportable({ algorithm: name, format, data });
    expect((await post(`${version}/export`, { format, password: PASSWORD })).body['data']).toBe(data);
  });

  it.each([
    [401, 'PASSWORD_REQUIRED', { password: undefined }],
    [403, 'PASSWORD_INVALID', { password: 'not the password of the owner' }],
    [422, 'PASSPHRASE_REQUIRED', { passphrase: undefined }],
    [400, 'VALIDATION_ERROR', { passphrase: 'short' }],
    [422, 'KEY_FORMAT_DOES_NOT_SUIT', { format: 'secret' }],
    [400, 'VALIDATION_ERROR', { format: 'der' }],
  ])('the private half stays: %d %s', async (status, code, change) => {
    const { id, version } = await exportable(rsaKey);
    const answer = await post(`${version}/export`, { ...request, ...change });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    // A refusal is in the history of the version, unless the request was none that could be carried out.
    const refused = code === 'VALIDATION_ERROR' ? [] : ['request.refused'];
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual([...refused, 'key.imported']);
  });

  it('the private half stays where the key was not created exportable, or the bytes are no text', async () => {
    const { version } = await imported(rsaKey);
    expect(await post(`${version}/export`, request)).toMatchObject({
      status: 403,
      body: { code: 'KEY_NOT_EXPORTABLE' },
    });
    const bytes = Buffer.alloc(32, 0xff).toString('base64');
    const secret = await exportable({ algorithm: 'HS256', format: 'secret-base64', data: bytes });
    const asText = await post(`${secret.version}/export`, { format: 'secret', password: PASSWORD });
    expect(asText).toMatchObject({ status: 422, body: { code: 'KEY_FORMAT_DOES_NOT_SUIT' } });
    const actions = (await eventsOf(secret.id)).map(({ action }) => action);
    expect(actions).toEqual(['request.refused', 'key.imported']);
  });

  it('the private half stays while the event of its leaving cannot be written', async () => {
    const database = await createMigratedDatabase();
    const other = await startTestServer({ database });
    const plain = await openPlainDataSource(database.url);
    try {
      const { path, owner } = await createTenant(other, 'unwritten');
      const body = { name: 'unwritten', ...rsaKey, exportable: true };
      const key = (await other.post(`${path}/keys/import`, body, owner)).body;
      const [version] = key['versions'] as unknown as Shape[];
      const url = `${path}/keys/${key['id']}/versions/${version!['kid']}/export`;
      await plain.query('ALTER TABLE audit_events RENAME TO gone');
      const refused = await other.post(url, { ...request, format: 'jwk' }, owner);
      expect(refused.status).toBeGreaterThanOrEqual(500);
      expect(refused.text).not.toContain(rsa.export({ format: 'jwk' }).d);
      await plain.query('ALTER TABLE gone RENAME TO audit_events');
      expect((await other.post(url, { ...request, format: 'jwk' }, owner)).status).toBe(200);
    } finally {
      await plain.destroy();
      await other.close();
      await database.drop();
    }
  });

  it('the private half is for owners, and nothing to another tenant', async () => {
    const { version } = await exportable(rsaKey);
    const manager = await member('full_access');
    expect(await post(`${version}/export`, request, manager)).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    const other = await createTenant(server, 'other-material');
    for (const base of [tenant.path, other.path]) {
      const answer = await server.post(`${base}/keys${version}/export`, request, other.owner);
      expect(answer.status).toBe(404);
    }
    expect((await post('/not-a-key/versions/none/export', request)).status).toBe(404);
  });
});

describe('key material', () => {
  it('key material is in no log and no history, rejected or not', async () => {
    const { d, p } = rsa.export({ format: 'jwk' });
    const text = 'a secret that must not be found anywhere';
    await importKey({ algorithm: 'ES256', format: 'secret', data: text });
    await imported({ algorithm: 'HS256', format: 'secret', data: text });
    await importKey({ algorithm: 'RS256', format: 'jwk', data: { ...rsa.export({ format: 'jwk' }), q: text } });
    const refused = await importKey({ algorithm: 'RS256', format: 'rsa-xml', data: `<RSAKeyValue><D>${d}</D>${text}` });
    expect(refused.status).toBe(422);
    const history = await server.get(`${tenant.path}/audit-events?limit=200`, tenant.owner);
    const seen = [refused.text, history.text, ...server.logs].join('\n');
    for (const needle of [text, d!, p!, PASSPHRASE, PASSWORD, pem(rsa).slice(100, 140)])
      expect(seen).not.toContain(needle);
  });
});
