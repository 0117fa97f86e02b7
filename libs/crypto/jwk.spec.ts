import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generatedKey } from '../../test/support/generated-key.js';
import { algorithm, algorithmNames } from './algorithms.js';
import { cryptoErrors } from './errors.js';
import type { Jwk } from './key-kinds/key-kind.js';
import { jwkThumbprint, keyFromJwk, publicJwk } from './jwk.js';

/** RFC 7638 §3.1. */
const RSA_PUBLIC = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};
/** RFC 8037 A.1. */
const ED25519_PRIVATE = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

describe('jwkThumbprint', () => {
  it.each<[string, Jwk, string]>([
    ['RFC 7638 §3.1', RSA_PUBLIC, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
    ['RFC 8037 A.3', ED25519_PRIVATE, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
  ])('jwkThumbprint is the one of %s', (_source, jwk, thumbprint) => {
    expect(jwkThumbprint(jwk)).toBe(thumbprint);
  });

  it('jwkThumbprint ignores what does not identify the key', () => {
    const { kty, n, e } = RSA_PUBLIC;
    expect(jwkThumbprint({ e, n, kty, use: 'sig', x5c: ['...'] })).toBe(jwkThumbprint(RSA_PUBLIC));
  });

  it.each<Jwk>([
    {},
    { kty: 'RSA', e: 'AQAB' },
    { kty: 'RSA', n: 1, e: 'AQAB' },
    { kty: 'constructor' },
    { kty: ['RSA'] },
  ])('jwkThumbprint rejects %o', (jwk) => {
    expect(() => jwkThumbprint(jwk)).toThrow('lacks the members');
  });
});

describe('publicJwk', () => {
  const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'priv'];

  it.each(algorithmNames.filter((name) => !algorithm(name).symmetric))(
    'publicJwk gives nothing private away for %s',
    async (alg) => {
      const { signingKey, verifyingKey } = await generatedKey(alg);
      const jwk = publicJwk(signingKey, { kid: 'k1', alg });
      expect(jwk).toMatchObject({ kid: 'k1', alg, use: 'sig' });
      expect(Object.keys(jwk).filter((name) => PRIVATE_MEMBERS.includes(name))).toEqual([]);
      expect(jwk).toEqual(publicJwk(verifyingKey, { kid: 'k1', alg }));
    },
  );

  it('publicJwk has the members of RFC 8037 A.2', () => {
    expect(publicJwk(keyFromJwk(ED25519_PRIVATE), { kid: 'k1', alg: 'EdDSA' })).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: ED25519_PRIVATE.x,
      kid: 'k1',
      use: 'sig',
      alg: 'EdDSA',
    });
  });

  it('publicJwk rejects a shared secret', () => {
    const secret = createSecretKey(Buffer.alloc(32));
    expect(() => publicJwk(secret, { kid: 'k1', alg: 'HS256' })).toThrow(
      expect.objectContaining({ code: cryptoErrors.KEY_DOES_NOT_FIT.code }),
    );
  });
});

describe('keyFromJwk', () => {
  it.each(algorithmNames)('keyFromJwk reads the private or secret JWK of %s', async (alg) => {
    const { signingKey } = await generatedKey(alg);
    expect(keyFromJwk({ ...signingKey.export({ format: 'jwk' }) }).equals(signingKey)).toBe(true);
  });

  it.each<Jwk>([
    {},
    { kty: 'oct' },
    { kty: 'oct', k: '' },
    { kty: 'oct', k: 'AA==' },
    { kty: 'oct', k: 5 },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
    { kty: 'RSA', n: 'AQAB' },
    { kty: 'OKP', crv: 'Ed25519', x: 'AA' },
    { ...ED25519_PRIVATE, x: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  ])('keyFromJwk rejects %o', (jwk) => {
    expect(() => keyFromJwk(jwk)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
  });
});
