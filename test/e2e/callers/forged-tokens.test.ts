import { createHash, generateKeyPairSync, randomBytes, sign as signRaw } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ManualClock, SECOND } from '#core';

import { type TestDatabase, createMigratedDatabase } from '../../support/database.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { dumpDatabase } from '../server/database-dump.js';
import { type TestService, createService } from '../signing/issuer.js';
import { hmac, ownToken, signingInput } from './own-token.js';

const clock = new ManualClock();
const NOW = clock.now() / SECOND;
const HEADER = { alg: 'HS256', typ: 'JWT' };
const NONE = ['none', 'None', 'NONE', 'nOnE', ''];
/** A key pair of which an attacker knows the public half, as everybody does. */
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let database: TestDatabase;
let server: TestServer;
let tenant: TestTenant;
let service: TestService;
let sibling: TestService;
let stranger: TestService;
let credentialId: string;

beforeAll(async () => {
  database = await createMigratedDatabase();
  server = await startTestServer({ clock, database });
  tenant = await createTenant(server, 'forged');
  service = await createService(server, tenant);
  sibling = await createService(server, tenant);
  stranger = await createService(server, await createTenant(server, 'forged-by-strangers'));
  const list = await server.get(`${tenant.path}/services/${service.id}/credentials?authType=jwt`, tenant.owner);
  credentialId = list.body['items']![0]!['id']!;
});
afterAll(async () => {
  await server.close();
  await database.drop();
});

const whoami = (authorization: string) =>
  server.get('/v1/whoami', { headers: authorization === '' ? {} : { Authorization: authorization } });

const goodClaims = () => ({ iss: service.id, iat: NOW });
/** A good token of the service but for what is given. */
const withClaims = (claims: object) => ownToken(HEADER, { ...goodClaims(), ...claims }, service);
const withHeader = (header: object) => ownToken({ ...HEADER, ...header }, goodClaims(), service);
/** For what an object cannot hold: the claims as text, with the service's id put in. */
const withClaimsText = (text: string) => ownToken(HEADER, text.replace('<id>', service.id), service);
const withHeaderText = (text: string) => ownToken(text, goodClaims(), service);
const good = () => withClaims({});
const [headerOf, claimsOf, signatureOf] = [0, 1, 2].map((part) => (token: string) => token.split('.')[part]!) as [
  (token: string) => string,
  (token: string) => string,
  (token: string) => string,
];
const SENDERS_JWK = { jwk: { kty: 'oct', k: Buffer.from('key of the sender').toString('base64url') } };
const JKU = { jku: 'https://attacker.example/jwks.json' };
/** The right claims, signed with some key under some algorithm. */
function signedWith(key: Buffer | string, alg = 'HS256', hash = 'sha256', more: object = {}): string {
  const input = signingInput({ ...HEADER, alg, ...more }, goodClaims());
  return `${input}.${hmac(key, input, hash)}`;
}
const secretBytes = () => Buffer.from(service.jwtSecret, 'base64');
const asymmetric = (alg: string, key: Parameters<typeof signRaw>[2], hash: string | null): string => {
  const input = signingInput({ ...HEADER, alg }, goodClaims());
  return `${input}.${signRaw(hash, Buffer.from(input), key).toString('base64url')}`;
};

const publicKeyEncodings: readonly [string, Buffer | string][] = [
  ['SPKI PEM', rsa.publicKey.export({ type: 'spki', format: 'pem' })],
  ['SPKI PEM without its last line end', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim()],
  ['SPKI DER', rsa.publicKey.export({ type: 'spki', format: 'der' })],
  ['PKCS#1 PEM', rsa.publicKey.export({ type: 'pkcs1', format: 'pem' })],
  ['PKCS#1 DER', rsa.publicKey.export({ type: 'pkcs1', format: 'der' })],
  ['JWK', JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))],
  ['the modulus', Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n!, 'base64url')],
  ['EC SPKI PEM', ec.publicKey.export({ type: 'spki', format: 'pem' })],
  ['EC SPKI DER', ec.publicKey.export({ type: 'spki', format: 'der' })],
  ['EC JWK', JSON.stringify(ec.publicKey.export({ format: 'jwk' }))],
];

/** What an attacker, or a client with a mistake in it, sends as the token. */
const forged: readonly [what: string, token: () => string][] = [
  // The wrong key
  ...publicKeyEncodings.map(([encoding, key]): [string, () => string] => [
    `HS256 with a public key as its secret: ${encoding}`,
    () => signedWith(key),
  ]),
  ['the secret as the Base64 text that the service received', () => signedWith(service.jwtSecret)],
  ['the secret decoded twice', () => signedWith(Buffer.from(secretBytes().toString('latin1'), 'base64'))],
  ['the secret in hex', () => signedWith(secretBytes().toString('hex'))],
  ['the SHA-256 of the secret', () => signedWith(createHash('sha256').update(secretBytes()).digest())],
  ['an empty secret', () => signedWith('')],
  ['32 zero bytes', () => signedWith(Buffer.alloc(32))],
  ['the service id as the secret', () => signedWith(service.id)],
  ['the service key as the secret', () => signedWith(service.serviceKey)],
  ['the secret of another service', () => signedWith(Buffer.from(sibling.jwtSecret, 'base64'))],
  ["the secret of another tenant's service", () => signedWith(Buffer.from(stranger.jwtSecret, 'base64'))],
  // The wrong algorithm
  ...NONE.map((alg): [string, () => string] => [
    `alg "${alg}" without a signature`,
    () => `${signingInput({ ...HEADER, alg }, goodClaims())}.`,
  ]),
  ['alg none with the good signature', () => withHeader({ alg: 'none' })],
  ['HS384, well signed with the secret', () => signedWith(secretBytes(), 'HS384', 'sha384')],
  ['HS512, well signed with the secret', () => signedWith(secretBytes(), 'HS512', 'sha512')],
  ['HS512 in the header, HS256 in fact', () => withHeader({ alg: 'HS512' })],
  ['HS256 in the header, HS512 in fact', () => signedWith(secretBytes(), 'HS256', 'sha512')],
  ['RS256 with a key of the attacker', () => asymmetric('RS256', rsa.privateKey, 'sha256')],
  ['ES256 with a key of the attacker', () => asymmetric('ES256', ec.privateKey, 'sha256')],
  ['RS256 in the header, HS256 in fact', () => withHeader({ alg: 'RS256' })],
  ['alg in lower case', () => withHeader({ alg: 'hs256' })],
  ['alg with a blank', () => withHeader({ alg: 'HS256 ' })],
  ['alg as an array', () => withHeader({ alg: ['HS256'] })],
  ['no alg', () => ownToken({ typ: 'JWT' }, goodClaims(), service)],
  // Parts
  ['no signature and no dot', () => good().split('.').slice(0, 2).join('.')],
  ['an empty signature', () => `${headerOf(good())}.${claimsOf(good())}.`],
  ['no header', () => `.${claimsOf(good())}.${signatureOf(good())}`],
  ['no claims', () => `${headerOf(good())}..${signatureOf(good())}`],
  ['a fourth part', () => `${good()}.${signatureOf(good())}`],
  ['five parts, as a JWE has', () => `${good()}.AA.AA`],
  ['dots alone', () => '..'],
  ['half of the signature', () => good().slice(0, -20)],
  ['one bit of the signature', () => flipFirst(good())],
  [
    'the first signature under other claims',
    () => `${headerOf(good())}.${claimsOf(withClaims({ sub: 'root' }))}.${signatureOf(good())}`,
  ],
  // Encodings: a second text for the same token
  ['padding', () => `${good()}=`],
  ['Base64 with + and / instead of base64url', () => withStandardAlphabet()],
  ['unused bits of the signature set', () => withUnusedBits(good())],
  ['a percent sign', () => good().replace('.', '%2E')],
  ['the service key as the token', () => service.serviceKey],
  ['a session of a person', () => tenant.owner.token],
  // JSON
  ['iss twice', () => withClaimsText(`{"iss":"${sibling.id}","iss":"<id>","iat":${NOW}}`)],
  ['iss twice, once escaped', () => withClaimsText(`{"iss":"<id>","i\\u0073s":"<id>","iat":${NOW}}`)],
  ['iat twice', () => withClaimsText(`{"iss":"<id>","iat":1,"iat":${NOW}}`)],
  ['alg twice', () => withHeaderText('{"alg":"none","alg":"HS256"}')],
  ['alg twice, once escaped', () => withHeaderText('{"alg":"HS256","\\u0061lg":"none"}')],
  ['a byte order mark', () => withHeaderText('\uFEFF{"alg":"HS256"}')],
  ['claims that are an array', () => withClaimsText('["<id>"]')],
  ['claims that are null', () => withClaimsText('null')],
  ['__proto__ in the claims', () => withClaimsText(`{"__proto__":{"iss":"<id>"},"iss":"<id>","iat":${NOW}}`)],
  ['a header that is no JSON', () => withHeaderText('HS256')],
  ['nesting without end', () => withClaimsText(`{"iss":"<id>","iat":${NOW},"a":${'['.repeat(500)}${']'.repeat(500)}}`)],
  // Header members that bring a key, or that point at one
  ['a kid', () => withHeader({ kid: 'k1' })],
  ['a kid that is the credential', () => withHeader({ kid: credentialId })],
  ['a kid that is a path', () => withHeader({ kid: '../../../../dev/null' })],
  ['a kid that is SQL', () => withHeader({ kid: "x' UNION SELECT 'AA'--" })],
  ['a kid with a NUL', () => withHeader({ kid: 'k1\u0000' })],
  ['a kid that is an object', () => withHeader({ kid: { $ne: null } })],
  ['crit', () => withHeader({ crit: ['exp'] })],
  ['crit that is empty', () => withHeader({ crit: [] })],
  [
    'jwk, and the signature of its key',
    () => signedWith(Buffer.from('key of the sender'), 'HS256', 'sha256', SENDERS_JWK),
  ],
  ['jku, and the signature of a key there', () => signedWith(Buffer.from('key of the sender'), 'HS256', 'sha256', JKU)],
  ['b64', () => withHeader({ b64: false })],
  ['b64 that is true', () => withHeader({ b64: true })],
  ['another typ', () => withHeader({ typ: 'at+jwt' })],
  ['a typ that is null', () => withHeader({ typ: null })],
  // Times
  ['no iat', () => withClaims({ iat: undefined })],
  ['an iat that is text', () => withClaims({ iat: String(NOW) })],
  ['an iat that is a fraction beyond the tolerance', () => withClaims({ iat: NOW + 60.001 })],
  ['an iat that is a fraction older than an hour', () => withClaims({ iat: NOW - 3_600.001 })],
  ['an exp that is over by a fraction', () => withClaims({ iat: NOW - 10, exp: NOW - 0.001 })],
  ['a negative iat', () => withClaims({ iat: -NOW })],
  ['an iat that is true', () => withClaims({ iat: true })],
  ['an iat in an array', () => withClaims({ iat: [NOW] })],
  ['an iat that is null', () => withClaims({ iat: null })],
  ['an iat of 1e999', () => withClaimsText('{"iss":"<id>","iat":1e999}')],
  ['an iat of -1e999', () => withClaimsText('{"iss":"<id>","iat":-1e999}')],
  ['an iat beyond safe integers', () => withClaims({ iat: 2 ** 60 })],
  ['an iat in milliseconds', () => withClaims({ iat: clock.now() })],
  ['an iat past the tolerance for clocks', () => withClaims({ iat: NOW + 61 })],
  ['an age of 60 minutes to the second, exp far ahead', () => withClaims({ iat: NOW - 3_600, exp: NOW + 36_000 })],
  ['an age of a year, exp far ahead', () => withClaims({ iat: NOW - 31_536_000, exp: NOW + 31_536_000 })],
  ['an exp that is iat', () => withClaims({ exp: NOW })],
  ['an exp before iat', () => withClaims({ exp: NOW - 1 })],
  ['an exp that has come', () => withClaims({ iat: NOW - 60, exp: NOW })],
  ['an exp that is text', () => withClaims({ exp: String(NOW + 60) })],
  ['an exp of 1e999', () => withClaimsText(`{"iss":"<id>","iat":${NOW},"exp":1e999}`)],
  ['an exp that is null', () => withClaims({ exp: null })],
  ['an nbf that has not come', () => withClaims({ nbf: NOW + 61 })],
  ['an nbf that is text', () => withClaims({ nbf: '0' })],
  // Issuers
  ['no iss', () => withClaims({ iss: undefined })],
  ['the iss of another service', () => withClaims({ iss: sibling.id })],
  ["the iss of another tenant's service", () => withClaims({ iss: stranger.id })],
  ['the tenant as iss', () => withClaims({ iss: tenant.id })],
  ['an iss that no service has', () => withClaims({ iss: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })],
  ['an iss that is no UUID', () => withClaims({ iss: 'service' })],
  ['an iss in capitals', () => withClaims({ iss: service.id.toUpperCase() })],
  ['an iss that is an array', () => withClaims({ iss: [service.id] })],
  ['an iss that is an object', () => withClaims({ iss: { $eq: service.id } })],
  ['an iss that is SQL', () => withClaims({ iss: `${service.id}' OR '1'='1` })],
  ['an iss with a blank', () => withClaims({ iss: ` ${service.id}` })],
  ['the service key of another service as iss', () => withClaims({ iss: sibling.serviceKey })],
  ['a mistyped service key as iss', () => withClaims({ iss: `${service.serviceKey.slice(0, -1)}!` })],
];

/** What is in the header around a token that is good. */
const misframed: readonly [what: string, authorization: () => string][] = [
  ['Bearer twice', () => `Bearer Bearer ${good()}`],
  ['two tokens', () => `Bearer ${good()} ${good()}`],
  ['two tokens with a comma', () => `Bearer ${good()}, Bearer ${good()}`],
  ['no scheme', () => good()],
  ['another scheme', () => `Token ${good()}`],
  ['Basic', () => `Basic ${Buffer.from(`${service.id}:${service.jwtSecret}`).toString('base64')}`],
  ['the scheme alone', () => 'Bearer'],
  ['the scheme glued to the token', () => `Bearer${good()}`],
  ['a tab for the blank', () => `Bearer\t${good()}`],
  ['quotes', () => `Bearer "${good()}"`],
];

function flipFirst(token: string): string {
  const signature = Buffer.from(signatureOf(token), 'base64url');
  signature[0]! ^= 1;
  return `${headerOf(token)}.${claimsOf(token)}.${signature.toString('base64url')}`;
}

/** 32 bytes are 43 digits, of which the last one holds four bits and two that must be zero. */
function withUnusedBits(token: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + digits[digits.indexOf(token.at(-1)!) | 1];
}

/** A good token whose signature has a digit in which the two alphabets differ, in the wrong one. */
function withStandardAlphabet(): string {
  for (let attempt = 0; ; attempt += 1) {
    const token = withClaims({ attempt });
    const signature = signatureOf(token).replaceAll('-', '+').replaceAll('_', '/');
    if (signature !== signatureOf(token)) return `${headerOf(token)}.${claimsOf(token)}.${signature}`;
  }
}

describe('a good token is accepted', () => {
  it.each<[string, () => string]>([
    ['with iss the service', () => `Bearer ${good()}`],
    [
      'with iss the service key, as in the document of the vendor',
      () => `Bearer ${withClaims({ iss: service.serviceKey })}`,
    ],
    ['with iss the credential', () => `Bearer ${withClaims({ iss: credentialId })}`],
    ['with exp', () => `Bearer ${withClaims({ exp: NOW + 60 })}`],
    ['with an exp beyond the hour', () => `Bearer ${withClaims({ exp: NOW + 86_400 })}`],
    ['without typ', () => `Bearer ${ownToken({ alg: 'HS256' }, goodClaims(), service)}`],
    ['in its last second', () => `Bearer ${withClaims({ iat: NOW - 3_599 })}`],
    ['from a clock one minute ahead', () => `Bearer ${withClaims({ iat: NOW + 60 })}`],
    [
      'with times that have a fraction',
      () => `Bearer ${withClaims({ iat: NOW - 0.25, exp: NOW + 0.5, nbf: NOW - 1.5 })}`,
    ],
    ['with a header that says more', () => `Bearer ${withHeader({ x5t: 'AA', x5c: ['MIIB'], cty: 'JWT', foo: null })}`],
    [
      'with a header that names keys elsewhere',
      () => `Bearer ${withHeader({ ...JKU, ...SENDERS_JWK, x5u: 'https://x' })}`,
    ],
    ['with claims that mean nothing here', () => `Bearer ${withClaims({ sub: 'x', aud: 'y', jti: 1 })}`],
    ['with the scheme in lower case', () => `bearer ${good()}`],
    ['with two blanks after the scheme', () => `BEARER  ${good()}`],
  ])('a good token is accepted: %s', async (_, authorization) => {
    const answer = await whoami(authorization());
    expect(answer).toMatchObject({ status: 200, body: { service: { id: service.id }, authType: 'jwt', credentialId } });
  });
});

describe('a forged token is refused', () => {
  it('the corpus of forged tokens has more than a hundred', () => {
    expect(forged.length + misframed.length).toBeGreaterThan(100);
    expect(new Set(forged.map(([what]) => what)).size).toBe(forged.length);
  });

  it.each(forged)('a forged token is rejected: %s', async (_, make) => {
    expect(await whoami(`Bearer ${make()}`)).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
  });

  it.each(misframed)('a forged token is rejected: %s', async (_, authorization) => {
    expect(await whoami(authorization())).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
  });

  it('a token that is longer than a header may be is rejected by the HTTP parser', async () => {
    const answer = await whoami(`Bearer ${withClaims({ ballast: 'x'.repeat(20_000) })}`);
    expect(answer.status).toBe(431);
  });

  it('a token that is longer than a token may be is rejected where a gateway sends it in a body', async () => {
    const authorization = `Bearer ${withClaims({ ballast: randomBytes(6_200).toString('hex') })}`;
    expect(authorization.length).toBeGreaterThan(16 * 1024);
    const answer = await server.post('/v1/authenticate', { authorization }, { serviceKey: sibling.serviceKey });
    expect(answer).toMatchObject({ status: 200, body: { active: false, code: 'INVALID_CREDENTIALS' } });
  });
});

describe('refusing costs no write', () => {
  it('rejecting any forged token costs no write: every row of every table is as it was', async () => {
    const before = await dumpDatabase(database.url);
    for (const [, make] of forged) expect((await whoami(`Bearer ${make()}`)).status).toBe(401);
    for (const [, make] of misframed) expect((await whoami(make())).status).toBe(401);
    expect((await whoami('')).body['code']).toBe('CREDENTIALS_REQUIRED');
    expect(await dumpDatabase(database.url)).toEqual(before);
  });

  it('the comparison of all rows notices a single write', async () => {
    const before = await dumpDatabase(database.url);
    await server.patch(`${tenant.path}/services/${service.id}`, { description: 'changed' }, tenant.owner);
    expect(await dumpDatabase(database.url)).not.toEqual(before);
  });
});
