import { createPublicKey } from 'node:crypto';

import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { algorithm, algorithmNames } from '#crypto';

import { type Answer, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { type TestIssuer, createIssuer } from './issuer.js';
import { opensslVerifies } from './openssl.js';

const AUDIENCE = 'https://api.partner.example';

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await createTenant(server, 'algorithms');
});
afterAll(() => server.close());

describe.each(algorithmNames)('a token of %s', (name) => {
  let issuer: TestIssuer;
  let answer: Answer;
  let token: string;
  beforeAll(async () => {
    issuer = await createIssuer(server, tenant, { algorithm: name, audience: [AUDIENCE], allowedClaims: ['scope'] });
    answer = await issuer.sign({ subject: 'invoice-42', claims: { scope: 'orders:read' } });
    token = answer.body['token']!;
  });

  it(`a token of ${name} is answered with its kid, its expiry and its claims`, () => {
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      token: expect.any(String),
      format: 'jwt',
      kid: issuer.kid,
      tokenId: expect.any(String),
      issuedAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-01-01T00:05:00.000Z',
    });
  });

  it(`a token of ${name} is verified by the server that issued it`, async () => {
    expect(decodeProtectedHeader(token)).toEqual({ alg: name, typ: 'JWT', kid: issuer.kid });
    expect((await issuer.verify(token)).body).toMatchObject({
      valid: true,
      code: 'OK',
      kid: issuer.kid,
      expiresAt: '2026-01-01T00:05:00.000Z',
      claims: { iss: `${server.url}${tenant.path}`, sub: 'invoice-42', aud: AUDIENCE, scope: 'orders:read' },
    });
  });

  it(`a token of ${name} is verified by jose with the published key, and a shared secret is not published`, async () => {
    const { symmetric } = algorithm(name);
    const jwks = createRemoteJWKSet(new URL(`${server.url}${tenant.path}/.well-known/jwks.json`));
    const verified = jwtVerify(token, jwks, {
      issuer: `${server.url}${tenant.path}`,
      audience: AUDIENCE,
      algorithms: [name],
      currentDate: new Date(server.clock.now()),
    }).then(
      ({ payload }) => payload['scope'],
      ({ code }: { code: string }) => code,
    );
    expect(await verified).toBe(symmetric ? 'ERR_JOSE_NOT_SUPPORTED' : 'orders:read');
    expect(await issuer.jwk()).toEqual(symmetric ? undefined : expect.objectContaining({ alg: name, use: 'sig' }));
  });
});

describe.each(algorithmNames.filter((name) => ['rsa', 'ec'].includes(algorithm(name).kind)))(
  'the openssl command and %s',
  (name) => {
    it(`the openssl command and ${name} agree on what is signed, and on what is altered`, async () => {
      const issuer = await createIssuer(server, tenant, { algorithm: name });
      const token: string = (await issuer.sign()).body['token']!;
      const publicKey = createPublicKey({ key: (await issuer.jwk()) as never, format: 'jwk' });
      expect(opensslVerifies(token, name, publicKey)).toBe(true);
      expect(opensslVerifies(token.replace('.', '.A'), name, publicKey)).toBe(false);
    });
  },
);
