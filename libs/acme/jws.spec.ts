import { generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  acmeAlgorithms,
  algorithmOf,
  parseFlattenedJws,
  payloadOf,
  requireJoseJson,
  requireSignature,
  signerOf,
} from './jws.js';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const jwsOf = (header: string, payload = '{}', more: object = {}) => ({
  protected: base64url(header),
  payload: base64url(payload),
  signature: 'AAAA',
  ...more,
});
const malformed = expect.objectContaining({ code: 'ACME_MALFORMED' }) as Error;

describe('a JWS of ACME', () => {
  it('a JWS of ACME is taken apart', () => {
    const jws = parseFlattenedJws(jwsOf('{"alg":"ES256","kid":"k"}', '{"a":1}'));
    expect([jws.header, payloadOf(jws), signerOf(jws), algorithmOf(jws)]).toEqual([
      { alg: 'ES256', kid: 'k' },
      { a: 1 },
      { kid: 'k' },
      'ES256',
    ]);
  });

  it('a JWS of ACME without a payload is POST-as-GET', () => {
    expect(payloadOf(parseFlattenedJws(jwsOf('{}', '')))).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['no object', 'text'],
    ['a list', []],
    ['a member too few', { protected: 'e30', payload: '' }],
    ['an unprotected header', jwsOf('{}', '{}', { header: {} })],
    ['several signatures', jwsOf('{}', '{}', { signatures: [] })],
    ['padding', jwsOf('{}', '{}', { signature: 'AA==' })],
    ['bits that are not zero', jwsOf('{}', '{}', { signature: 'AB' })],
    ['a header that is no JSON', jwsOf('{')],
    ['a header that is a list', jwsOf('[]')],
    ['a repeated member', jwsOf('{"kid":"a","kid":"b"}')],
    ['a critical extension', jwsOf('{"crit":["x"]}')],
    ['a payload that is not encoded', jwsOf('{"b64":false}')],
  ])('a JWS of ACME is not %s', (_, body) => {
    expect(() => parseFlattenedJws(body)).toThrow(malformed);
  });

  it('a JWS of ACME has a payload that is an object, or none', () => {
    expect(() => payloadOf(parseFlattenedJws(jwsOf('{}', '[]')))).toThrow(malformed);
  });

  it.each(['{}', '{"kid":"k","jwk":{}}', '{"kid":7}', '{"jwk":"k"}'])(
    'a JWS of ACME is signed by one of jwk and kid, and not by %s',
    (header) => {
      expect(() => signerOf(parseFlattenedJws(jwsOf(header)))).toThrow(malformed);
    },
  );

  it.each(['none', 'HS256', 'es256', 'PS256', 7])(
    'a JWS of ACME with the algorithm %s names those that are accepted',
    (alg) => {
      expect(() => algorithmOf({ header: { alg } })).toThrow(
        expect.objectContaining({
          code: 'ACME_BAD_SIGNATURE_ALGORITHM',
          extensions: { algorithms: acmeAlgorithms },
        }),
      );
    },
  );

  it('a JWS of ACME is accepted with the signature of its key alone', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const unsigned = jwsOf('{"alg":"ES256"}');
    const bytes = Buffer.from(`${unsigned.protected}.${unsigned.payload}`);
    const signature = sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    const jws = parseFlattenedJws({ ...unsigned, signature });
    await expect(requireSignature(jws, 'ES256', publicKey)).resolves.toBeUndefined();
    await expect(requireSignature({ ...jws, signingInput: Buffer.from('x') }, 'ES256', publicKey)).rejects.toThrow(
      malformed,
    );
    const ofAnotherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    await expect(requireSignature(jws, 'ES256', ofAnotherCurve)).rejects.toMatchObject({ code: 'ACME_BAD_PUBLIC_KEY' });
  });

  it('a JWS of ACME comes with its own media type', () => {
    expect(() => requireJoseJson('application/jose+json; charset=utf-8')).not.toThrow();
    for (const type of [
      undefined,
      'application/json',
      'application/jose',
      'text/jose+json',
      'application/jose+jsonp',
    ]) {
      expect(() => requireJoseJson(type)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }));
    }
  });
});
