import { createHash, createPrivateKey, createSecretKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { MINUTE, SECOND, coreErrors } from '#core';
import { type AlgorithmName, algorithm, verifyingKeyOf } from '#crypto';

import { GOLDEN } from '../../../test/support/golden.js';
import type { IssueContext, ProfileFacts, VerifyContext } from '../token-format.js';
import { formats } from './index.js';

const RSA = createPrivateKey(GOLDEN.privateKeyPem);
const SECRET = createSecretKey(Buffer.from(GOLDEN.secretBase64, 'base64'));
const COMPANY_SECRET = createSecretKey(Buffer.from(GOLDEN.companySecret));
const SERVICE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';

const PROFILE: ProfileFacts = {
  name: 'golden',
  issuer: 'https://own.example',
  statedIssuer: null,
  audience: [],
  ttlSeconds: 0,
  maxTtlSeconds: 0,
  skewSeconds: 60,
  fixedClaims: {},
  allowedClaims: [],
  requiredClaims: [],
  formatVersion: null,
  settings: {},
};

interface Sample {
  readonly format: string;
  readonly what: string;
  readonly golden: keyof typeof GOLDEN.tokens;
  readonly input: unknown;
  readonly key: typeof RSA;
  readonly algorithm: AlgorithmName;
  readonly profile?: Partial<ProfileFacts>;
  readonly body?: string;
  /** How long after its issue it is refused as expired, skew included. */
  readonly expiresAfterSeconds: number;
}

const SERIAL_BODY = JSON.stringify(GOLDEN.payloads.serial);
const issuedBy = (issuer: string) => ({ issuer, statedIssuer: issuer });
const SAMPLES: readonly Sample[] = [
  {
    format: 'xima-licensing',
    what: 'v1 over an object',
    golden: 'xima',
    input: { payload: GOLDEN.payloads.serial },
    key: RSA,
    algorithm: 'RS256',
    body: SERIAL_BODY,
    expiresAfterSeconds: 1_860,
  },
  {
    format: 'xima-licensing',
    what: 'v1 over the exact text',
    golden: 'xima',
    input: { body: SERIAL_BODY },
    key: RSA,
    algorithm: 'RS256',
    body: SERIAL_BODY,
    expiresAfterSeconds: 1_860,
  },
  {
    format: 'xima-licensing',
    what: 'v2 over a hash',
    golden: 'xima2',
    input: { payloadHash: GOLDEN.hashes.serial },
    key: RSA,
    algorithm: 'RS256',
    profile: { formatVersion: 'v2' },
    body: SERIAL_BODY,
    expiresAfterSeconds: 1_860,
  },
  {
    format: 'superoffice-system-user',
    what: 'the document’s name',
    golden: 'superoffice',
    input: { systemUserToken: 'Application Name-pzqc70604i' },
    key: RSA,
    algorithm: 'RS256',
    expiresAfterSeconds: 301,
  },
  {
    format: 'ccai-user',
    what: 'a known user',
    golden: 'ccai',
    input: { identifier: 'user-42', name: 'Ada Lovelace', email: 'ada@example.com' },
    key: COMPANY_SECRET,
    algorithm: 'HS256',
    profile: issuedBy('AMCE'),
    expiresAfterSeconds: 3_660,
  },
  {
    format: 'ccai-user',
    what: 'an anonymous user',
    golden: 'ccaiAnonymous',
    input: { anonymous: true },
    key: COMPANY_SECRET,
    algorithm: 'HS256',
    profile: issuedBy('AMCE'),
    expiresAfterSeconds: 3_660,
  },
  {
    format: 'webex-connect',
    what: 'of the service that asks',
    golden: 'webex',
    input: { ttlSeconds: 600 },
    key: SECRET,
    algorithm: 'HS256',
    expiresAfterSeconds: 660,
  },
  {
    format: 'telesign-app-verify',
    what: 'with a transaction id',
    golden: 'telesign',
    input: { phoneNumber: '+4915112345678', xid: 'order-4711' },
    key: SECRET,
    algorithm: 'HS256',
    profile: issuedBy('FFFFFFFF-EEEE-DDDD-1234-AB1234567890'),
    expiresAfterSeconds: 140,
  },
];

const profileOf = ({ format, profile }: Sample): ProfileFacts => ({
  ...PROFILE,
  ...formats.get(format)!.lifetime,
  ...profile,
});

const issueContext = (sample: Sample): IssueContext => ({
  profile: profileOf(sample),
  key: { kid: GOLDEN.kid, algorithm: sample.algorithm },
  sign: async (data) => algorithm(sample.algorithm).sign(data, sample.key),
  kid: GOLDEN.kid,
  caller: { serviceId: SERVICE },
  now: GOLDEN.now,
  stored: {},
  randomId: () => GOLDEN.uuid,
  orderedId: () => GOLDEN.uuid,
});

const verifyContext = (sample: Sample, changes: Partial<VerifyContext> = {}): VerifyContext => ({
  profile: profileOf(sample),
  algorithm: sample.algorithm,
  keys: [{ kid: GOLDEN.kid, algorithm: sample.algorithm, verifyingKey: verifyingKeyOf(sample.key) }],
  whyUnusable: async () => 'UNKNOWN_KID',
  endedKeys: async () => [],
  caller: { serviceId: SERVICE },
  body: sample.body === undefined ? undefined : Buffer.from(sample.body),
  now: GOLDEN.now,
  ...changes,
});

describe.each(SAMPLES)('$format, $what', (sample) => {
  const example = `${sample.format}, ${sample.what},`;
  const format = formats.get(sample.format)!;
  const golden = GOLDEN.tokens[sample.golden];
  const verify = (changes: Partial<VerifyContext> = {}, token: string = golden) =>
    format.verify(token, verifyContext(sample, changes));

  it(`${example} is issued as the document says, byte by byte`, async () => {
    const issued = await format.issue(sample.input, issueContext(sample));
    expect(issued.token).toBe(golden);
    if (issued.body !== undefined) expect(issued.body).toBe(sample.body);
  });

  it(`${example} is accepted, and no altered token is`, async () => {
    expect(await verify()).toMatchObject({ code: 'OK', kid: GOLDEN.kid });
    for (const position of [3, Math.floor(golden.length / 2), golden.length - 10]) {
      const other = golden[position] === 'A' ? 'B' : 'A';
      const altered = golden.slice(0, position) + other + golden.slice(position + 1);
      expect((await verify({}, altered)).code).not.toBe('OK');
    }
  });

  it(`${example} expires when it should`, async () => {
    const last = GOLDEN.now + sample.expiresAfterSeconds * SECOND;
    expect((await verify({ now: last - SECOND })).code).toBe('OK');
    expect((await verify({ now: last })).code).toBe('EXPIRED_TOKEN');
  });

  it(`${example} is rejected without its key`, async () => {
    expect(['UNKNOWN_KID', 'KEY_NOT_USABLE']).toContain((await verify({ keys: [] })).code);
  });
});

describe('the hashes of the licensing document', () => {
  it.each([
    ['serial', 257],
    ['ccId', 431],
  ] as const)('the hash of the licensing document is reproduced for the payload with %s', (name, bytes) => {
    const body = JSON.stringify(GOLDEN.payloads[name]);
    expect(Buffer.byteLength(body)).toBe(bytes);
    expect(createHash('sha256').update(body).digest('hex')).toBe(GOLDEN.hashes[name]);
  });
});

describe('xima-licensing', () => {
  const [sample] = SAMPLES;
  const format = formats.get('xima-licensing')!;
  const expectRejected = (input: unknown) =>
    expect(format.issue(input, issueContext(sample!))).rejects.toThrow(
      expect.objectContaining({ code: coreErrors.VALIDATION_ERROR.code }),
    );

  it('xima-licensing keeps the order of members, and rejects a body whose order JavaScript would change', async () => {
    const { body } = await format.issue({ payload: { b: 1, a: 'ü' } }, issueContext(sample!));
    expect(body).toBe('{"b":1,"a":"ü"}');
    await expectRejected({ payload: { '10': 1, '2': 2 } });
    await expectRejected({ payload: { nested: [{ '7': 1 }] } });
    await expectRejected({ payload: JSON.parse(`{"serial":9007199254740993}`) as object });
  });

  it.each(['[]', '"text"', '{"a":1,"a":2}', '{', '1'])('xima-licensing accepts no body %s', (body) =>
    expectRejected({ body }),
  );

  it.each([
    ['spaces', ': '],
    ['a line end', '\n'],
  ])('xima-licensing rejects a body with %s more', async (_, added) => {
    const body = Buffer.from(added === '\n' ? SERIAL_BODY + added : SERIAL_BODY.replace(':', added));
    expect((await format.verify(GOLDEN.tokens.xima, verifyContext(sample!, { body }))).code).toBe(
      'INVALID_PAYLOAD_HASH',
    );
  });

  it('xima-licensing rejects a body that is not there', async () => {
    const verdict = await format.verify(GOLDEN.tokens.xima, verifyContext(sample!, { body: undefined }));
    expect(verdict.code).toBe('INVALID_PAYLOAD_HASH');
  });

  it('xima-licensing rejects a lifetime of more than 30 minutes', async () => {
    const early = GOLDEN.now - 61 * SECOND;
    expect((await format.verify(GOLDEN.tokens.xima, verifyContext(sample!, { now: early }))).code).toBe(
      'EXPIRED_TOKEN',
    );
  });
});

describe('superoffice-system-user', () => {
  const sample = SAMPLES.find(({ format }) => format === 'superoffice-system-user')!;
  const format = formats.get(sample.format)!;

  it.each(['Dots.in.the.name', 'Blanks and - hyphens', 'Ünïcödé', 'ends with a dot.'])(
    'superoffice-system-user issues a token with %s',
    async (name) => {
      const { token } = await format.issue({ systemUserToken: name }, issueContext(sample));
      const verdict = await format.verify(token, verifyContext(sample));
      expect(verdict).toMatchObject({ code: 'OK', claims: { systemUserToken: name, timestamp: '202601010000' } });
    },
  );

  it('superoffice-system-user issues the same token within a minute and another one in the next', async () => {
    const at = (now: number) => format.issue(sample.input, { ...issueContext(sample), now });
    expect((await at(GOLDEN.now + 59 * SECOND)).token).toBe(GOLDEN.tokens.superoffice);
    expect((await at(GOLDEN.now + MINUTE)).token).not.toBe(GOLDEN.tokens.superoffice);
  });

  it.each([
    ['202601010', 'INVALID_TIMESTAMP'],
    ['20260101000000', 'INVALID_TIMESTAMP'],
    ['202613010000', 'INVALID_TIMESTAMP'],
    ['202602300000', 'INVALID_TIMESTAMP'],
    ['202601012400', 'INVALID_TIMESTAMP'],
    ['202601010001', 'INVALID_SIGNATURE'],
  ])('superoffice-system-user with the time stamp %s is %s', async (stamp, code) => {
    const token = GOLDEN.tokens.superoffice.replace('202601010000', stamp);
    expect((await format.verify(token, verifyContext(sample))).code).toBe(code);
  });

  it('superoffice-system-user is rejected before its time', async () => {
    const early = { now: GOLDEN.now - 301 * SECOND };
    const verdict = await format.verify(GOLDEN.tokens.superoffice, verifyContext(sample, early));
    expect(verdict.code).toBe('TOKEN_NOT_YET_VALID');
    expect(format.vendorResults).toMatchObject({ OK: 'NoError', TOKEN_NOT_YET_VALID: 'InvalidTimestamp' });
  });
});
