import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RsaNumbers } from '#crypto';
import { toPem } from '#asn1';

import { keys, makeRoot } from '../../conformance/certificates/pure-samples.js';
import { closePrimes, prime, rocaNumbers, rsaNumbers } from '../../conformance/key-files/bad-rsa-keys.js';
import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createAuthority, csrPem, issue } from './pki.js';

let server: TestServer;
let tenant: TestTenant;
let names = 0;

beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server);
  await createAuthority(server, tenant);
  await server.post(`${tenant.path}/keys`, { name: 'company secret', algorithm: 'HS256' }, tenant.owner);
});
afterAll(() => server.close());

const refusalOf = ({ status, body }: Answer) => [status, body['code']];

function keyOf(numbers: RsaNumbers): KeyObject {
  const members = Object.entries(numbers).map(([name, number]) => {
    const hex = (number as bigint).toString(16);
    return [name, Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')];
  });
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
}

const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const algorithmOf = (key: KeyObject): string => (key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256');

const importKey = (owner: TestTenant, format: string, data: string, algorithm: string): Promise<Answer> =>
  server.post(`${owner.path}/keys/import`, { name: `key ${++names}`, format, data, algorithm }, owner.owner);

async function importAuthority(owner: TestTenant, key: KeyObject): Promise<Answer> {
  const { certificate } = await makeRoot(server.clock.now(), key);
  const certificatePem = toPem('CERTIFICATE', certificate.der);
  const body = { name: `imported ${++names}`, certificatePem, key: pkcs8(key) };
  return server.post(`${owner.path}/certificate-authorities`, body, owner.owner);
}

/** Trusts the public half as the key of an issuer of ID tokens. */
async function trust(owner: TestTenant, key: KeyObject): Promise<Answer> {
  const { body } = await server.get(`${owner.path}/keys`, owner.owner);
  const [secret] = body['items'] as unknown as { id: string; algorithm: string }[];
  const jwks = { keys: [{ ...createPublicKey(key).export({ format: 'jwk' }), kid: 'k', alg: algorithmOf(key) }] };
  const settings = { trustedIssuer: { issuer: 'https://idp.example', audience: 'a', jwks } };
  const profile = { name: `p${++names}`, format: 'ccai-user', keyId: secret!.id, issuer: 'co', settings };
  return server.post(`${owner.path}/token-profiles`, profile, owner.owner);
}

/** Every way in which a key from outside comes in, and how a weak one is refused there. */
const WAYS = {
  'a signing key in PEM': [(key: KeyObject) => importKey(tenant, 'pem', pkcs8(key), algorithmOf(key)), 422, 'WEAK_KEY'],
  'a signing key as JWK': [
    (key: KeyObject) => importKey(tenant, 'jwk', JSON.stringify(key.export({ format: 'jwk' })), algorithmOf(key)),
    422,
    'WEAK_KEY',
  ],
  'the key of an authority': [(key: KeyObject) => importAuthority(tenant, key), 422, 'WEAK_KEY'],
  'the key of a request': [(key: KeyObject) => issue(server, tenant, { csr: csrPem('x', { key }) }), 422, 'WEAK_KEY'],
  'the key of a trusted issuer': [(key: KeyObject) => trust(tenant, key), 400, 'VALIDATION_ERROR'],
} as const;

const smallFactorNumbers = (): RsaNumbers => rsaNumbers(9_973n, prime(2_040));

const WEAKNESSES = {
  'the faulty generator of ROCA': rocaNumbers,
  'primes that are close to each other': () => closePrimes(1n << 20n),
  'a small factor': smallFactorNumbers,
};

describe.each(Object.entries(WEAKNESSES))('a key with %s', (weakness, numbers) => {
  const key = keyOf(numbers());

  it.each(Object.entries(WAYS))(`a key with ${weakness} is rejected as %s`, async (_, [bring, status, code]) => {
    const answer = await bring(key);
    expect(refusalOf(answer)).toEqual([status, code]);
    expect(answer.text).toContain(code === 'VALIDATION_ERROR' ? 'WEAK_KEY' : code);
  });
});

describe('a key of small order (Ed25519)', () => {
  it('a key of small order (Ed25519) is rejected as the key of a trusted issuer', async () => {
    const x = Buffer.alloc(32, 0);
    const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url'), kid: 'k', alg: 'EdDSA' }] };
    const { body } = await server.get(`${tenant.path}/keys`, tenant.owner);
    const [secret] = body['items'] as unknown as { id: string }[];
    const settings = { trustedIssuer: { issuer: 'https://idp.example', audience: 'a', jwks } };
    const profile = { name: `p${++names}`, format: 'ccai-user', keyId: secret!.id, issuer: 'co', settings };
    const answer = await server.post(`${tenant.path}/token-profiles`, profile, tenant.owner);
    expect(refusalOf(answer)).toEqual([400, 'VALIDATION_ERROR']);
    expect(answer.text).toContain('WEAK_KEY');
  });
});

/** Ways in which a key becomes known as compromised; each gives the key. */
const REPORTS = {
  'a compromised version of a signing key': async () => {
    const key = keys.p256();
    await compromise(tenant, await importKey(tenant, 'pem', pkcs8(key), 'ES256'));
    return key;
  },
  'a certificate revoked for keyCompromise': async () => {
    const key = keys.p256();
    const { body } = await issue(server, tenant, { csr: csrPem('leaked', { key }) });
    const revocation = { reason: 'keyCompromise' };
    await server.post(`${tenant.path}/certificates/${body['kid']}/revoke`, revocation, tenant.owner);
    return key;
  },
  'an authority revoked for keyCompromise': async () => {
    const key = keys.p256();
    const { body } = await importAuthority(tenant, key);
    const path = `${tenant.path}/certificate-authorities/${body['id']}/revoke`;
    await server.post(path, { reason: 'keyCompromise' }, tenant.owner);
    return key;
  },
};

async function compromise(owner: TestTenant, { body }: Answer): Promise<void> {
  const [version] = body['versions'] as unknown as [{ kid: string }];
  const path = `${owner.path}/keys/${body['id']}/versions/${version.kid}/compromise`;
  const answer = await server.post(path, {}, owner.owner);
  if (answer.status !== 200) throw new Error(answer.text);
}

describe.each(Object.entries(REPORTS))('the key of %s', (owner, report) => {
  it(`the key of ${owner} is rejected in every form, in every tenant`, async () => {
    const key = await report();
    const other = await createTenant(server);
    await createAuthority(server, other);
    for (const owner of [tenant, other]) {
      const jwk = JSON.stringify(key.export({ format: 'jwk' }));
      expect(refusalOf(await importKey(owner, 'pem', pkcs8(key), 'ES256'))).toEqual([422, 'KEY_COMPROMISED']);
      expect(refusalOf(await importKey(owner, 'jwk', jwk, 'ES256'))).toEqual([422, 'KEY_COMPROMISED']);
      const certified = await issue(server, owner, { csr: csrPem('again', { key }) });
      expect(refusalOf(certified)).toEqual([422, 'POLICY_VIOLATION']);
      expect(certified.text).toContain('CSR_KEY_COMPROMISED');
      const authority = await importAuthority(owner, key);
      expect(authority.status).toBe(422);
      expect(['KEY_COMPROMISED', 'INVALID_CA_CERTIFICATE']).toContain(authority.body['code']);
    }
  });
});

describe('a compromised shared secret', () => {
  it('a compromised shared secret is rejected in every form in its tenant, and tells no other tenant anything', async () => {
    const secret = Buffer.from('a shared secret of at least 32 bytes');
    const forms = [
      ['secret', secret.toString()],
      ['secret-base64', secret.toString('base64')],
      ['jwk', JSON.stringify({ kty: 'oct', k: secret.toString('base64url') })],
    ] as const;
    await compromise(tenant, await importKey(tenant, ...forms[0], 'HS256'));
    for (const [format, data] of forms) {
      expect(refusalOf(await importKey(tenant, format, data, 'HS256'))).toEqual([422, 'KEY_COMPROMISED']);
    }
    const other = await createTenant(server);
    expect((await importKey(other, ...forms[0], 'HS256')).status).toBe(201);
  });
});
