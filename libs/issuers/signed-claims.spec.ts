import { type JWK, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, expect, it } from 'vitest';

import { type KeySource, isKeySet, provenClaims } from './signed-claims.js';

let jwk: JWK;
let sign: (kid?: string) => Promise<string>;
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  jwk = await exportJWK(publicKey);
  sign = (kid) =>
    new SignJWT({ sub: 'one' }).setProtectedHeader({ alg: 'RS256', ...(kid && { kid }) }).sign(privateKey);
});

/** The same key under another name, and how often its modulus was read. */
function watched(kid: string): { readonly key: JWK; readonly reads: () => number } {
  let reads = 0;
  const key = Object.defineProperty({ ...jwk, kid }, 'n', {
    enumerable: true,
    get: () => {
      reads += 1;
      return jwk.n;
    },
  });
  return { key, reads: () => reads };
}
const of = (...keys: JWK[]): KeySource => ({ read: async () => ({ keys }) });

it('the keys of an issuer that a token does not name are not read for it, and the named one is checked once', async () => {
  const [named, another] = [watched('named'), watched('another')];
  const source = of(another.key, named.key);
  expect(await provenClaims(await sign('named'), source)).toEqual({ sub: 'one' });
  const first = named.reads();
  expect(await provenClaims(await sign('named'), source)).toEqual({ sub: 'one' });
  expect(named.reads() - first).toBeLessThan(first);
  expect(another.reads()).toBe(0);
});

it('the keys of an issuer are not looked through twice where they did not change', async () => {
  let looks = 0;
  const key = Object.defineProperty({ ...jwk }, 'kid', { enumerable: true, get: () => `other-${(looks += 1)}` });
  const keySet = { keys: [key] };
  const same: KeySource = { read: async () => keySet, readAgain: async () => keySet };
  expect(await provenClaims(await sign('named'), same)).toBeUndefined();
  expect(looks).toBe(1);
  const changed: KeySource = { ...same, readAgain: async () => ({ keys: [{ ...jwk, kid: 'named' }] }) };
  expect(await provenClaims(await sign('named'), changed)).toEqual({ sub: 'one' });
});

it('the keys of an issuer that are many of one name are not tried', async () => {
  const many = Array.from({ length: 11 }, () => watched('named'));
  expect(await provenClaims(await sign('named'), of(...many.map(({ key }) => key)))).toBeUndefined();
  expect(many.map(({ reads }) => reads())).toEqual(many.map(() => 0));
});

it('the keys of an issuer are at most 100', () => {
  const keys = Array.from({ length: 100 }, () => ({ kty: 'EC' }));
  expect([isKeySet({ keys }), isKeySet({ keys: [...keys, { kty: 'EC' }] })]).toEqual([true, false]);
});
