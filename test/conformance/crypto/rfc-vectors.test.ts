import { describe, expect, it } from 'vitest';
import { algorithm, keyFromJwk, parseCompactJws, verifyingKeyOf } from '#crypto';
import { jwsVectors } from './rfc-vectors.js';

describe.each(jwsVectors)('$source ($alg)', ({ source, alg, privateJwk, token, deterministic }) => {
  const { sign, verify, accepts } = algorithm(alg);
  const signingKey = keyFromJwk(privateJwk);
  const verifyingKey = verifyingKeyOf(signingKey);
  const [header, payload, signaturePart = ''] = token.split('.');
  const signingInput = Buffer.from(`${header}.${payload}`);
  const signature = Buffer.from(signaturePart, 'base64url');

  it(`${source} (${alg}) has a key that the algorithm accepts`, () => {
    expect([accepts(signingKey), accepts(verifyingKey)]).toEqual([true, true]);
  });

  it(`${source} (${alg}) verifies as printed, and not with any one bit of the signature changed`, async () => {
    expect(await verify(signingInput, signature, verifyingKey)).toBe(true);
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const altered = Buffer.from(signature);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(await verify(signingInput, altered, verifyingKey)).toBe(false);
    }
  });

  it(`${source} (${alg}) is signed again with the same result, or with one that verifies`, async () => {
    const again = await sign(signingInput, signingKey);
    if (deterministic) expect(again.toString('base64url')).toBe(signaturePart);
    expect(await verify(signingInput, again, verifyingKey)).toBe(true);
  });
});

describe('the strict parser on the tokens of RFC 7515 appendix A', () => {
  it.each(jwsVectors.filter(({ source }) => source.startsWith('RFC 7515')))(
    'the strict parser on the tokens of RFC 7515 appendix A reads $source',
    ({ alg, token }) => {
      const parsed = parseCompactJws(token);
      expect(parsed).toMatchObject({
        ok: true,
        value: { header: { alg }, claims: { iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true } },
      });
    },
  );

  it('the strict parser on the tokens of RFC 7515 appendix A rejects RFC 8037 A.4, whose payload is text and no claims', () => {
    expect(parseCompactJws(jwsVectors[3]!.token)).toMatchObject({ ok: false, reason: 'NOT_JSON' });
  });
});
