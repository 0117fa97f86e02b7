import { describe, expect, it } from 'vitest';
import { generatedKey } from '../../test/support/generated-key.js';
import { isSameKey } from './algorithm.js';
import { algorithm, algorithmNames } from './algorithms.js';
import { cryptoErrors } from './errors.js';
import { keyObjectFromBytes, privateKeyToBytes, publicKeyFromBytes, publicKeyToBytes } from './key-material.js';

describe.each(algorithmNames)('the bytes of a key for %s', (name) => {
  const { kind, symmetric } = algorithm(name);

  it(`the bytes of a key for ${name} are read back as the same key`, async () => {
    const { signingKey } = await generatedKey(name);
    expect(keyObjectFromBytes(kind, privateKeyToBytes(signingKey)).equals(signingKey)).toBe(true);
  });

  it(`the bytes of a key for ${name} have a public half unless the key is a shared secret`, async () => {
    const { signingKey, verifyingKey } = await generatedKey(name);
    if (symmetric) {
      expect(() => publicKeyToBytes(signingKey)).toThrow(
        expect.objectContaining({ code: cryptoErrors.KEY_DOES_NOT_FIT.code }),
      );
    } else {
      expect(publicKeyToBytes(signingKey)).toEqual(publicKeyToBytes(verifyingKey));
      expect(publicKeyFromBytes(publicKeyToBytes(signingKey)).equals(verifyingKey)).toBe(true);
      expect(() => privateKeyToBytes(verifyingKey)).toThrow('no private bytes');
    }
  });
});

describe('isSameKey', () => {
  it('isSameKey tells keys of every pair of algorithms apart, and the next key is still read', async () => {
    const pairs = await Promise.all(algorithmNames.map((name) => generatedKey(name)));
    const keys = [...new Set(pairs.flatMap(({ signingKey, verifyingKey }) => [signingKey, verifyingKey]))];
    const bytes = privateKeyToBytes((await generatedKey('EdDSA')).signingKey);
    for (const one of keys) {
      for (const other of keys) {
        expect(isSameKey(one, other)).toBe(one === other);
        expect(() => keyObjectFromBytes('okp', bytes)).not.toThrow();
      }
    }
  });

  it('isSameKey is needed: `equals` of two types of keys has the next key rejected', async () => {
    const { verifyingKey: one, signingKey } = await generatedKey('EdDSA');
    const { verifyingKey: other } = await generatedKey('ES256');
    const bytes = privateKeyToBytes(signingKey);
    one.equals(other);
    expect(() => keyObjectFromBytes('okp', bytes)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
    expect(() => keyObjectFromBytes('okp', bytes)).not.toThrow();
  });
});

describe('bytes that are no key', () => {
  it.each([Buffer.alloc(0), Buffer.from('-----BEGIN PRIVATE KEY-----'), Buffer.alloc(48, 0x30)])(
    'bytes that are no key are rejected: %o',
    (bytes) => {
      expect(() => keyObjectFromBytes('rsa', bytes)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
      expect(() => publicKeyFromBytes(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
    },
  );
});
