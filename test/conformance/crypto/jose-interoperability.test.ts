import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type GeneratedKey,
  algorithm,
  algorithmNames,
  encodeCompactJws,
  encodeJwsHeader,
  jwkThumbprint,
  keyFromJwk,
  parseCompactJws,
  publicJwk,
} from '#crypto';
import { generatedKey } from '../../support/generated-key.js';

const CLAIMS = '{"iss":"chancery","sub":"Grüße","exp":1900000000}';

/** Every row of the algorithm table against an implementation that shares no code with ours. */
describe.each(algorithmNames)('%s and jose', (alg) => {
  const { sign, verify } = algorithm(alg);
  let key: GeneratedKey;

  beforeAll(async () => {
    key = await generatedKey(alg);
  });

  const joseKey = async (use: keyof GeneratedKey) => importJWK({ ...key[use].export({ format: 'jwk' }), alg }, alg);

  it(`jose verifies what we sign by ${alg}`, async () => {
    const token = await encodeCompactJws(encodeJwsHeader({ alg, typ: 'JWT', kid: 'k1' }), CLAIMS, (input) =>
      sign(input, key.signingKey),
    );
    const { payload, protectedHeader } = await compactVerify(token, await joseKey('verifyingKey'), {
      algorithms: [alg],
    });
    expect(Buffer.from(payload).toString()).toBe(CLAIMS);
    expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: 'k1' });
  });

  it(`we verify what jose signs by ${alg}, and nothing that was altered`, async () => {
    const token = await new CompactSign(Buffer.from(CLAIMS))
      .setProtectedHeader({ alg, kid: 'k1' })
      .sign(await joseKey('signingKey'));
    const parsed = parseCompactJws(token);
    if (!parsed.ok) throw new Error(parsed.reason);
    const { signingInput, signature } = parsed.value;
    expect(await verify(signingInput, signature, key.verifyingKey)).toBe(true);
    expect(await verify(Buffer.concat([signingInput, Buffer.from('A')]), signature, key.verifyingKey)).toBe(false);
    expect(await verify(signingInput, signature.subarray(0, -1), key.verifyingKey)).toBe(false);
  });
});

describe.each(algorithmNames.filter((alg) => !algorithm(alg).symmetric))('the JWK of a key for %s', (alg) => {
  it(`the JWK of a key for ${alg} is read back as the same key, and has the thumbprint that jose computes`, async () => {
    const key = await generatedKey(alg);
    const jwk = publicJwk(key.signingKey, { kid: 'k1', alg });
    expect(keyFromJwk(jwk).equals(key.verifyingKey)).toBe(true);
    expect(jwkThumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk));
  });
});
