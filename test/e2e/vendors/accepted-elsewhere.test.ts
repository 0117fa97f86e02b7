import { execFileSync, spawnSync } from 'node:child_process';
import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock, toEpochSeconds } from '#core';

import { GOLDEN } from '../../support/golden.js';
import { type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type Vendor, createVendor, importKey } from './vendor.js';

/** The first Python that has PyJWT, if one has: where none does, its tests are not there. */
const PYTHONS = ['python3', '/usr/bin/python3']
  .filter((python) => spawnSync(python, ['-c', 'import jwt']).status === 0)
  .slice(0, 1);

/** What the vendors' own documents use (it comes with @nestjs/jwt). */
interface JsonWebToken {
  verify(token: string, secret: string | Buffer, options: object): Record<string, unknown>;
}
const jsonwebtoken = createRequire(createRequire(import.meta.url).resolve('@nestjs/jwt'))(
  'jsonwebtoken',
) as JsonWebToken;

const COMPANY_SECRET = 'the company secret of the portal, raw text';
const DECODED = Buffer.from(GOLDEN.secretBase64, 'base64');
const BASE64_KEY = { algorithm: 'HS256', format: 'secret-base64', data: GOLDEN.secretBase64 } as const;

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  // Other implementations go by the real time.
  server = await startTestServer({ clock: systemClock });
  tenant = await createTenant(server, 'elsewhere');
});
afterAll(() => server.close());

const ccai = () =>
  createVendor(
    server,
    tenant,
    'ccai-user',
    { algorithm: 'HS256', format: 'secret', data: COMPANY_SECRET },
    { issuer: 'AMCE' },
  );
const USER = { identifier: 'user-42', name: 'Ada Lovelace', email: 'ada@example.com' };

interface Sample {
  readonly name: string;
  readonly vendor: () => Promise<Vendor>;
  readonly input: object;
  readonly secret: string | Buffer;
  /** In the order of the document. */
  readonly claims: readonly string[];
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'ccai-user under the raw text of its secret',
    vendor: ccai,
    input: USER,
    secret: COMPANY_SECRET,
    claims: ['iss', 'iat', 'exp', 'identifier', 'name', 'email'],
  },
  {
    name: 'ccai-user of an anonymous user',
    vendor: ccai,
    input: { anonymous: true },
    secret: COMPANY_SECRET,
    claims: ['iss', 'iat', 'exp', 'identifier'],
  },
  {
    name: 'webex-connect under its decoded secret',
    vendor: () => createVendor(server, tenant, 'webex-connect', BASE64_KEY),
    input: {},
    secret: DECODED,
    claims: ['iss', 'iat', 'exp'],
  },
  {
    name: 'telesign-app-verify under its decoded secret',
    vendor: () => createVendor(server, tenant, 'telesign-app-verify', BASE64_KEY, { issuer: 'CUSTOMER' }),
    input: { phoneNumber: '4915112345678', xid: 'elsewhere' },
    secret: DECODED,
    claims: ['iss', 'iat', 'exp', 'phn', 'xid'],
  },
];

describe.each(SAMPLES)('$name', ({ name, vendor, input, secret, claims }) => {
  let token: string;
  beforeAll(async () => {
    token = (await (await vendor()).sign(input)).body['token']!;
  });

  it(`${name} is accepted by jsonwebtoken, with the claims of the document in their order`, () => {
    expect(Object.keys(jsonwebtoken.verify(token, secret, { algorithms: ['HS256'] }))).toEqual(claims);
  });

  it.each(PYTHONS)(`${name} is accepted by PyJWT of %s, with the claims in their order`, (python) => {
    const script = [
      'import json, jwt, sys',
      'claims = jwt.decode(sys.argv[1], bytes.fromhex(sys.argv[2]), algorithms=["HS256"], options={"verify_iat": False})',
      'print(json.dumps(list(claims)))',
    ].join('\n');
    const said = execFileSync(python, ['-c', script, token, Buffer.from(secret).toString('hex')]);
    expect(JSON.parse(said.toString())).toEqual(claims);
  });

  it(`${name} has the HMAC that openssl computes`, () => {
    const [header, payload, signature] = token.split('.');
    const hexKey = Buffer.from(secret).toString('hex');
    const arguments_ = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexKey}`, '-binary'];
    const computed = execFileSync('openssl', arguments_, { input: `${header}.${payload}` });
    expect(signature).toBe(computed.toString('base64url'));
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
  });
});

describe('superoffice-system-user', () => {
  it('superoffice-system-user is accepted by openssl over the received prefix', async () => {
    const file = { algorithm: 'RS256', format: 'pem', data: GOLDEN.privateKeyPem } as const;
    const vendor = await createVendor(server, tenant, 'superoffice-system-user', file);
    const { body } = await vendor.sign({ systemUserToken: 'Application Name-pzqc70604i' });
    const token: string = body['token']!;
    const dot = token.lastIndexOf('.');
    const folder = mkdtempSync(join(tmpdir(), 'chancery-superoffice-'));
    try {
      writeFileSync(
        join(folder, 'public.pem'),
        createPublicKey(GOLDEN.privateKeyPem).export({ type: 'spki', format: 'pem' }),
      );
      writeFileSync(join(folder, 'signature'), Buffer.from(token.slice(dot + 1), 'base64'));
      const command = ['dgst', '-sha256', '-verify', 'public.pem', '-signature', 'signature'];
      const said = execFileSync('openssl', command, { cwd: folder, input: token.slice(0, dot) });
      expect(said.toString()).toContain('Verified OK');
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect((await vendor.verify(token)).body).toMatchObject({ valid: true, vendorResult: 'NoError' });
    const altered = await vendor.verify(token.replace('Application', 'Applicatiom'));
    expect(altered.body).toMatchObject({ valid: false, code: 'INVALID_SIGNATURE', vendorResult: 'InvalidSignature' });
  });
});

describe('webex-connect', () => {
  it('webex-connect signed with a service’s own secret is a credential of our own API', async () => {
    const vendor = await createVendor(server, tenant, 'webex-connect', BASE64_KEY);
    const file = { algorithm: 'HS256', format: 'secret-base64', data: vendor.jwtSecret } as const;
    const { id: keyId } = await importKey(server, tenant, file);
    const path = `${tenant.path}/token-profiles/${vendor.profile}`;
    expect((await server.patch(path, { keyId }, tenant.owner)).status).toBe(200);
    const { body } = await vendor.sign();
    const whoami = await server.get('/v1/whoami', { token: body['token']! });
    expect(whoami.body).toMatchObject({ service: { id: vendor.serviceId }, authType: 'jwt' });
  });

  it('webex-connect is verified by the document’s rules', async () => {
    const vendor = await createVendor(server, tenant, 'webex-connect', BASE64_KEY);
    const now = toEpochSeconds(systemClock.now());
    const code = async (claims: object) => {
      const parts = [
        { alg: 'HS256', typ: 'JWT' },
        { iss: vendor.serviceId, ...claims },
      ];
      const data = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      const signature = createHmac('sha256', DECODED).update(data).digest('base64url');
      return (await vendor.verify(`${data}.${signature}`)).body['code'];
    };
    expect(await code({ iat: now })).toBe('OK');
    expect(await code({ iat: now, exp: now + 86_400 })).toBe('OK');
    expect(await code({ iat: now - 3_700, exp: now + 86_400 })).toBe('EXPIRED_TOKEN');
    expect(await code({})).toBe('INVALID_CLAIMS');
    expect(await code({ iat: now, exp: now })).toBe('INVALID_CLAIMS');
    expect(await code({ iat: 16_112_812_000, exp: 16_112_813_000 })).toBe('TOKEN_NOT_YET_VALID');
    expect(await code({ iat: now, iss: 'somebody else' })).toBe('INVALID_CLAIMS');
  });
});
