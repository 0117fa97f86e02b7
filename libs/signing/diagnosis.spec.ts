import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { HOUR, MINUTE, toEpochSeconds } from '#core';
import { type AlgorithmName, verifyingKeyOf } from '#crypto';

import { GOLDEN } from '../../test/support/golden.js';
import { diagnose } from './diagnosis.js';
import { formats } from './formats/index.js';
import type { Finding, ProfileFacts, VerifyContext } from './token-format.js';

const RSA = createPrivateKey(GOLDEN.privateKeyPem);
const OTHER_RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const EC = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const SECRET = Buffer.from(GOLDEN.secretBase64, 'base64');
const TEXT_SECRET = Buffer.from('bG9uZyBlbm91Z2ggdGV4dCBvZiBhIGNvbXBhbnkgc2VjcmV0');
const NOW = toEpochSeconds(GOLDEN.now);
const NOON = GOLDEN.now + 15 * HOUR;

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url');
const header = (alg: string, more: object = {}): string => base64url(JSON.stringify({ alg, typ: 'JWT', ...more }));
const hash = (text: string, name = 'sha256'): string => createHash(name).update(text).digest('hex');

type Signing = (data: Buffer) => Buffer;
const pkcs1: Signing = (data) => sign('sha256', data, RSA);
const hmac =
  (secret: Buffer, name = 'sha256'): Signing =>
  (data) =>
    createHmac(name, secret).update(data).digest();

/** A token from its parts, so that each sample can break one of them. */
function jws(head: string, claims: object | string, by: Signing): string {
  const data = `${head}.${base64url(typeof claims === 'string' ? claims : JSON.stringify(claims))}`;
  return `${data}.${base64url(by(Buffer.from(data)))}`;
}

interface Key {
  readonly algorithm: AlgorithmName;
  readonly verifyingKey: VerifyContext['keys'][number]['verifyingKey'];
}
const KEYS = {
  rsa: { algorithm: 'RS256', verifyingKey: verifyingKeyOf(RSA) },
  pss: { algorithm: 'PS256', verifyingKey: verifyingKeyOf(RSA) },
  ec: { algorithm: 'ES256', verifyingKey: verifyingKeyOf(EC) },
  secret: { algorithm: 'HS256', verifyingKey: createSecretKey(SECRET) },
  text: { algorithm: 'HS256', verifyingKey: createSecretKey(TEXT_SECRET) },
} as const satisfies Record<string, Key>;

const XIMA = { payload_hash: '', jti: GOLDEN.uuid, exp: NOW + 1_800 };
const BODY = '{"serial":"MÜLLER","eliteSeats":15,"dialerSeats":6}';
const PYTHON = '{"serial": "M\\u00dcLLER", "eliteSeats": 15, "dialerSeats": 6}';
const withKid = { kid: GOLDEN.kid };
const ximaOver = (text: string): string => jws(header('RS256', withKid), { ...XIMA, payload_hash: hash(text) }, pkcs1);
const WEBEX = { iss: 'service', iat: NOW, exp: NOW + 600 };
const webex = (claims: object = {}, by: Signing = hmac(SECRET)): string =>
  jws(header('HS256'), { ...WEBEX, ...claims }, by);
const JWT = { iss: 'https://own.example', iat: NOW, exp: NOW + 300, jti: 'a-token-id' };
const superOffice = (stamp: string, by: Signing = pkcs1): string =>
  `Name.${stamp}.${by(Buffer.from(`Name.${stamp}`)).toString('base64')}`;

interface Sample {
  readonly what: string;
  readonly cause: string;
  readonly format: string;
  readonly key: Key;
  readonly token: string;
  readonly body?: string;
  readonly now?: number;
  readonly facts?: object;
  readonly profile?: Partial<ProfileFacts>;
}

const signature = (what: string, cause: string, key: Key, alg: string, by: Signing): Sample => ({
  what,
  cause,
  format: 'jwt',
  key,
  token: jws(header(alg, withKid), JWT, by),
});
const body = (what: string, cause: string, hashed: string, received: string = BODY): Sample => ({
  what,
  cause,
  format: 'xima-licensing',
  key: KEYS.rsa,
  token: ximaOver(hashed),
  body: received,
});
const secret = (what: string, cause: string, by: Signing, key: Key = KEYS.secret): Sample => ({
  what,
  cause,
  format: 'webex-connect',
  key,
  token: webex({}, by),
});
const time = (what: string, cause: string, claims: object, facts?: object): Sample => ({
  what,
  cause,
  format: 'webex-connect',
  key: KEYS.secret,
  token: webex(claims),
  ...(facts ? { facts } : {}),
});
const wrapped = (what: string, cause: string, token: string): Sample => ({
  what,
  cause,
  format: 'webex-connect',
  key: KEYS.secret,
  token,
});
const stamped = (what: string, cause: string, token: string, now: number = GOLDEN.now, facts?: object): Sample => ({
  what,
  cause,
  format: 'superoffice-system-user',
  key: KEYS.rsa,
  token,
  now,
  ...(facts ? { facts } : {}),
});

const SAMPLES: readonly Sample[] = [
  body('the compact form', 'HASH_OF_COMPACT_BODY', BODY, JSON.stringify(JSON.parse(BODY), null, 3)),
  body('what Python writes by default', 'HASH_OF_SPACED_BODY', PYTHON),
  body('sorted members', 'HASH_OF_SORTED_BODY', '{"dialerSeats":6,"eliteSeats":15,"serial":"MÜLLER"}'),
  body('escaped characters', 'HASH_OF_ASCII_ESCAPED_BODY', BODY.replace('Ü', '\\u00dc')),
  body('characters, sent escaped', 'HASH_OF_UNESCAPED_BODY', BODY, BODY.replace('Ü', '\\u00dc')),
  body('an indented form', 'HASH_OF_INDENTED_BODY', JSON.stringify(JSON.parse(BODY), null, 2)),
  body('a line end', 'HASH_OF_BODY_WITH_LINE_END', `${BODY}\n`),
  body('no line end, sent with one', 'HASH_OF_TRIMMED_BODY', BODY, `${BODY}\n`),
  body('a byte order mark', 'HASH_OF_BODY_WITH_BYTE_ORDER_MARK', `\u{feff}${BODY}`),
  body('no byte order mark, sent with one', 'HASH_OF_BODY_WITHOUT_BYTE_ORDER_MARK', BODY, `\u{feff}${BODY}`),
  body('numbers that JavaScript rewrote', 'HASH_OF_REWRITTEN_BODY', '{"a":1}', '{"a":1.0}'),
  body('nothing', 'HASH_OF_NOTHING', ''),
  body('something else', 'HASH_OF_ANOTHER_BODY', '{"serial":"OTHER"}'),
  {
    ...body('an upper-case hash', 'HASH_IN_UPPER_CASE', ''),
    token: jws(header('RS256', withKid), { ...XIMA, payload_hash: hash(BODY).toUpperCase() }, pkcs1),
  },
  {
    ...body('a hash in Base64', 'HASH_IN_BASE64', ''),
    token: jws(header('RS256', withKid), { ...XIMA, payload_hash: base64url(Buffer.from(hash(BODY), 'hex')) }, pkcs1),
  },
  {
    ...body('another hash', 'WRONG_BODY_HASH', ''),
    token: jws(header('RS256', withKid), { ...XIMA, payload_hash: hash(BODY, 'sha512') }, pkcs1),
  },
  { what: 'no body', cause: 'BODY_MISSING', format: 'xima-licensing', key: KEYS.rsa, token: ximaOver(BODY) },

  signature('PSS', 'PSS_INSTEAD_OF_PKCS1', KEYS.rsa, 'RS256', (data) =>
    sign('sha256', data, { key: RSA, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ),
  signature('PKCS#1', 'PKCS1_INSTEAD_OF_PSS', KEYS.pss, 'PS256', pkcs1),
  signature('SHA-1', 'WRONG_HASH', KEYS.rsa, 'RS256', (data) => sign('sha1', data, RSA)),
  signature('the hash as data', 'HASHED_TWICE', KEYS.rsa, 'RS256', (data) =>
    pkcs1(createHash('sha256').update(data).digest()),
  ),
  signature('reversed bytes', 'REVERSED_SIGNATURE', KEYS.rsa, 'RS256', (data) => pkcs1(data).reverse()),
  signature('another key', 'SIGNED_BY_ANOTHER_KEY', KEYS.rsa, 'RS256', (data) => sign('sha256', data, OTHER_RSA)),
  signature('DER', 'DER_SIGNATURE', KEYS.ec, 'ES256', (data) => sign('sha256', data, EC)),
  signature('another algorithm', 'WRONG_ALGORITHM', KEYS.rsa, 'HS256', hmac(SECRET)),
  { ...signature('no kid', 'KID_MISSING', KEYS.rsa, 'RS256', pkcs1), token: jws(header('RS256'), JWT, pkcs1) },
  {
    ...signature('a wrong kid', 'WRONG_KID', KEYS.rsa, 'RS256', pkcs1),
    token: jws(header('RS256', { kid: 'another' }), JWT, pkcs1),
    facts: { signedBy: GOLDEN.kid },
  },
  {
    ...signature('an unknown kid', 'UNKNOWN_KID', KEYS.rsa, 'RS256', pkcs1),
    token: jws(header('RS256', { kid: 'another' }), JWT, (data) => sign('sha256', data, OTHER_RSA)),
  },
  {
    ...signature('another issuer', 'WRONG_ISSUER', KEYS.rsa, 'RS256', pkcs1),
    profile: { issuer: 'https://own.example/', statedIssuer: 'https://own.example/' },
  },
  {
    ...signature('another audience', 'WRONG_AUDIENCE', KEYS.rsa, 'RS256', pkcs1),
    profile: { audience: ['https://api.example'] },
  },
  { ...signature('too few claims', 'CLAIM_MISSING', KEYS.rsa, 'RS256', pkcs1), profile: { requiredClaims: ['scope'] } },

  secret('the Base64 text as the key', 'RAW_SECRET_INSTEAD_OF_DECODED', hmac(Buffer.from(GOLDEN.secretBase64))),
  secret(
    'the decoded text as the key',
    'DECODED_SECRET_INSTEAD_OF_RAW',
    hmac(Buffer.from(TEXT_SECRET.toString(), 'base64')),
    KEYS.text,
  ),
  secret('hexadecimal text as the key', 'HEX_SECRET', hmac(Buffer.from(SECRET.toString('hex')))),
  secret('a line end in the key', 'SECRET_WITH_BLANKS', hmac(Buffer.concat([SECRET, Buffer.from('\n')]))),
  secret('HMAC with SHA-512', 'WRONG_HASH', hmac(SECRET, 'sha512')),
  secret('the hexadecimal text of the HMAC', 'HEX_SIGNATURE', (data) =>
    Buffer.from(hmac(SECRET)(data).toString('hex')),
  ),
  {
    ...secret('a kid that the document does not ask for', 'KID_NOT_EXPECTED', hmac(SECRET)),
    token: jws(header('HS256', withKid), WEBEX, hmac(SECRET)),
  },

  time('milliseconds', 'MILLISECONDS_INSTEAD_OF_SECONDS', { iat: GOLDEN.now }, { claim: 'iat' }),
  time('a time as text', 'TIME_AS_TEXT', { iat: `${NOW}` }, { claim: 'iat' }),
  time('a time before 1970', 'TIME_MALFORMED', { iat: -1 }, { claim: 'iat' }),
  time('an end in the past', 'EXPIRED', { iat: NOW - 700, exp: NOW - 100 }, { bySeconds: 100 }),
  time('the document’s 11 digits', 'NOT_YET_VALID', { iat: 16_112_812_000, exp: 16_112_813_000 }),
  time(
    'a clock two hours ahead',
    'LOCAL_TIME_INSTEAD_OF_UTC',
    { iat: NOW + 7_200, exp: NOW + 7_800 },
    { offsetMinutes: 120 },
  ),
  time(
    'a clock in India',
    'LOCAL_TIME_INSTEAD_OF_UTC',
    { iat: NOW + 19_800, exp: NOW + 20_400 },
    { offsetMinutes: 330 },
  ),
  time(
    'a clock in New York',
    'LOCAL_TIME_INSTEAD_OF_UTC',
    { iat: NOW - 18_000, exp: NOW - 17_400 },
    { offsetMinutes: -300 },
  ),
  {
    ...time('too long a life', 'LIFETIME_TOO_LONG', {}, { maxTtlSeconds: 3_600 }),
    format: 'ccai-user',
    token: webex({ exp: NOW + 86_400, identifier: 'anon_1' }),
  },

  wrapped('a blank', 'WHITE_SPACE_AROUND', ` ${webex()}\n`),
  wrapped('the scheme', 'BEARER_LEFT_ON', `Bearer ${webex()}`),
  wrapped('quotes', 'QUOTES_AROUND', `"${webex()}"`),
  wrapped('the whole answer', 'JSON_AROUND', JSON.stringify({ token: webex() })),
  wrapped('line breaks', 'LINE_BREAKS_WITHIN', webex().replace('.', '.\n')),
  wrapped('standard Base64', 'BASE64_INSTEAD_OF_BASE64URL', `${webex()}=`),
  wrapped('a part cut off', 'MALFORMED_TOKEN', webex().slice(0, webex().lastIndexOf('.'))),
  wrapped(
    'a member that occurs twice',
    'MALFORMED_TOKEN',
    jws(header('HS256'), `{"iss":"a","iss":"b","iat":${NOW}}`, hmac(SECRET)),
  ),

  stamped('local time', 'LOCAL_TIME_INSTEAD_OF_UTC', superOffice('202601010200'), GOLDEN.now, { offsetMinutes: 120 }),
  stamped('the 12-hour clock', 'TWELVE_HOUR_CLOCK', superOffice('202601010300'), NOON),
  stamped('an old minute', 'EXPIRED', superOffice('202512312320'), GOLDEN.now, { bySeconds: 2_400 }),
  stamped(
    'PSS',
    'PSS_INSTEAD_OF_PKCS1',
    superOffice('202601010000', (data) => sign('sha256', data, { key: RSA, padding: constants.RSA_PKCS1_PSS_PADDING })),
  ),
  stamped(
    'base64url',
    'BASE64URL_INSTEAD_OF_BASE64',
    `Name.202601010000.${base64url(pkcs1(Buffer.from('Name.202601010000')))}`,
  ),
  stamped('no time stamp', 'PART_MISSING', `Name.${pkcs1(Buffer.from('Name')).toString('base64')}`),
  stamped(
    'a signature without the time',
    'TOKEN_SIGNED_WITHOUT_TIME',
    superOffice('202601010000', () => pkcs1(Buffer.from('Name'))),
  ),
  stamped('seconds', 'SECONDS_IN_TIMESTAMP', superOffice('20260101000000')),
  stamped('a month 13', 'INVALID_TIMESTAMP', superOffice('202613010000')),
];

const profileOf = ({ format, profile }: Sample): ProfileFacts => ({
  name: 'diagnosed',
  issuer: 'https://own.example',
  statedIssuer: null,
  audience: [],
  ttlSeconds: 300,
  maxTtlSeconds: 3_600,
  skewSeconds: 60,
  fixedClaims: {},
  allowedClaims: [],
  requiredClaims: [],
  formatVersion: null,
  settings: {},
  ...formats.get(format)!.lifetime,
  ...profile,
});

async function examine(sample: Sample, usedAt?: number): Promise<Finding[]> {
  const format = formats.get(sample.format)!;
  const context: VerifyContext = {
    profile: profileOf(sample),
    algorithm: sample.key.algorithm,
    keys: [{ kid: GOLDEN.kid, ...sample.key }],
    whyUnusable: async () => 'UNKNOWN_KID',
    endedKeys: async () => [],
    caller: { serviceId: 'service' },
    body: sample.body === undefined ? undefined : Buffer.from(sample.body),
    now: sample.now ?? GOLDEN.now,
  };
  const verdict = await format.verify(sample.token, context);
  // Whatever is diagnosed must really be refused, or the diagnosis would be about nothing.
  if (usedAt === undefined) expect(verdict.code).not.toBe('OK');
  return diagnose(format, sample.token, context, {
    verdict: usedAt === undefined ? verdict : { ...verdict, code: 'DUPLICATE_JTI' },
    usedAt,
  });
}

describe('the diagnosis', () => {
  it.each(SAMPLES)('the diagnosis of $what names $cause', async (sample) => {
    const findings = await examine(sample);
    const { cause, facts } = sample;
    expect(findings.map((finding) => finding.cause)).toContain(cause);
    if (facts) expect(findings.find((finding) => finding.cause === cause)?.facts).toMatchObject(facts);
  });

  it.each(SAMPLES)('the diagnosis of $what repeats no secret', async (sample) => {
    const said = JSON.stringify(await examine(sample));
    for (const text of [GOLDEN.secretBase64, SECRET.toString('hex'), TEXT_SECRET.toString()]) {
      expect(said).not.toContain(text);
    }
  });

  it('the diagnosis covers more than a few mistakes', () => {
    expect(new Set(SAMPLES.map(({ cause }) => cause)).size).toBeGreaterThan(40);
  });

  it('the diagnosis tells more than one thing at a time', async () => {
    const both: Sample = {
      ...secret('two mistakes', '', hmac(Buffer.from(GOLDEN.secretBase64))),
      token: webex({ iat: GOLDEN.now }, hmac(Buffer.from(GOLDEN.secretBase64))),
    };
    expect((await examine(both)).map(({ cause }) => cause)).toEqual([
      'RAW_SECRET_INSTEAD_OF_DECODED',
      'MILLISECONDS_INSTEAD_OF_SECONDS',
    ]);
  });

  it('the diagnosis says when an id was used', async () => {
    const sample = { ...body('', '', BODY), token: ximaOver(BODY) };
    expect(await examine(sample, GOLDEN.now - MINUTE)).toEqual([
      expect.objectContaining({ cause: 'DUPLICATE_JTI', facts: { usedAt: '2025-12-31T23:59:00.000Z' } }),
    ]);
  });
});
