import { type KeyObject, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AlgorithmName,
  algorithm,
  algorithmNames,
  isAlgorithmName,
  isConsistentPair,
  verifyingKeyOf,
} from './algorithms.js';
import type { GeneratedKey } from './algorithm.js';
import { keyFromJwk } from './jwk.js';

const DATA = Buffer.from('data');
const keys = new Map<AlgorithmName, GeneratedKey>();
const keyFor = (name: AlgorithmName): GeneratedKey => keys.get(name)!;
const rsaPair = (modulusLength: number, publicExponent = 0x10001) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const secretOf = (bytes: number): KeyObject => createSecretKey(Buffer.alloc(bytes, 7));

beforeAll(async () => {
  for (const name of algorithmNames) keys.set(name, await algorithm(name).generate(2048));
});

describe('the algorithm table', () => {
  it('the algorithm table knows its names exactly', () => {
    expect(algorithmNames).toContain('ES256');
    expect(algorithmNames.every(isAlgorithmName)).toBe(true);
    for (const text of ['none', 'rs256', 'RS256 ', '', 'constructor', '__proto__']) {
      expect(isAlgorithmName(text)).toBe(false);
    }
  });

  it('the algorithm table makes RSA keys of 3072 bits unless told otherwise', async () => {
    const { signingKey } = await algorithm('RS256').generate();
    expect(signingKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 3072, publicExponent: 65537n });
  });
});

describe.each(algorithmNames)('%s', (name) => {
  const { sign, verify, accepts, symmetric } = algorithm(name);

  it(`${name} accepts both halves of a key pair that it generates, and derives the public one from the private one`, () => {
    const { signingKey, verifyingKey } = keyFor(name);
    expect([signingKey, verifyingKey].map(accepts)).toEqual([true, true]);
    expect(verifyingKeyOf(signingKey).equals(verifyingKey)).toBe(true);
    expect(signingKey.equals(verifyingKey)).toBe(symmetric);
  });

  it(`${name} verifies its own signature and no other data, key, length or content`, async () => {
    const { signingKey, verifyingKey } = keyFor(name);
    const signature = await sign(DATA, signingKey);
    const other = await algorithm(name).generate(2048);
    expect(await verify(DATA, signature, verifyingKey)).toBe(true);
    expect(await verify(Buffer.from('other'), signature, verifyingKey)).toBe(false);
    expect(await verify(DATA, signature, other.verifyingKey)).toBe(false);
    for (const forged of [0, 1, signature.length - 1, signature.length, signature.length + 1, 8_000]) {
      expect(await verify(DATA, Buffer.alloc(forged), verifyingKey), `${forged} zeros`).toBe(false);
    }
  });

  it(`${name} rejects the keys of every algorithm of another kind, curve or parameter set`, () => {
    const refused = algorithmNames.filter((other) => !algorithm(name).fits(keyFor(other).verifyingKey));
    const sameKeys = (other: AlgorithmName): boolean =>
      other === name ||
      (['rsa', 'hmac'].includes(algorithm(name).kind) && algorithm(other).kind === algorithm(name).kind);
    expect(refused).toEqual(algorithmNames.filter((other) => !sameKeys(other)));
    for (const other of refused) {
      expect(() => sign(DATA, keyFor(other).signingKey)).toThrow(`The key is not one for ${name}`);
      expect(() => verify(DATA, DATA, keyFor(other).verifyingKey)).toThrow(`The key is not one for ${name}`);
    }
  });

  it(`${name} does not accept text as a key (RFC 8725 §2.1)`, () => {
    const pem = '-----BEGIN PUBLIC KEY-----' as unknown as KeyObject;
    expect(() => sign(DATA, pem)).toThrow(`The key is not one for ${name}`);
    expect(() => verify(DATA, DATA, pem)).toThrow(`The key is not one for ${name}`);
  });
});

describe('weak keys', () => {
  it('an RSA key below 2048 bits or with a small exponent verifies but is not accepted', async () => {
    const { fits, accepts, sign, verify } = algorithm('RS256');
    for (const { privateKey, publicKey } of [rsaPair(1024), rsaPair(2048, 3)]) {
      expect([fits(publicKey), accepts(publicKey)]).toEqual([true, false]);
      expect(await verify(DATA, await sign(DATA, privateKey), publicKey)).toBe(true);
    }
  });

  it('a key that can sign nothing or costs too much does not fit its algorithm', () => {
    expect(algorithm('RS256').fits(rsaPair(512).publicKey)).toBe(false);
    expect(algorithm('PS256').fits(rsaPair(1024).publicKey)).toBe(true);
    expect(algorithm('PS512').fits(rsaPair(1024).publicKey)).toBe(false);
    expect(algorithm('HS256').fits(secretOf(513))).toBe(false);
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('%s accepts secrets of %i bytes and more', (name, bytes) => {
    const { fits, accepts } = algorithm(name);
    expect([accepts(secretOf(bytes - 1)), accepts(secretOf(bytes))]).toEqual([false, true]);
    expect(fits(secretOf(1))).toBe(true);
  });

  it('a key on another curve and an RSA key bound to PSS are not accepted', () => {
    expect(algorithm('ES256').fits(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)).toBe(false);
    expect(algorithm('EdDSA').fits(generateKeyPairSync('ed448').publicKey)).toBe(false);
    expect(algorithm('PS256').fits(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).toBe(false);
  });
});

describe('isConsistentPair', () => {
  it.each(['RS256', 'ES256', 'ES512', 'EdDSA', 'ML-DSA-44'] as const)(
    'isConsistentPair holds for a generated %s key',
    (name) => {
      expect(isConsistentPair(keyFor(name).signingKey)).toBe(true);
    },
  );

  it('isConsistentPair fails where the public half is of another key', async () => {
    const mine = keyFor('ES256').signingKey.export({ format: 'jwk' });
    const theirs = (await algorithm('ES256').generate()).verifyingKey.export({ format: 'jwk' });
    expect(() => keyFromJwk({ ...mine, ...theirs })).toThrow('not of one key');
  });
});
