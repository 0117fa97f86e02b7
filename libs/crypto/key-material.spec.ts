import { describe, expect, it } from 'vitest';
import { algorithm, algorithmNames } from './algorithms.js';
import { keyObjectFromBytes, privateKeyToBytes, publicKeyFromBytes, publicKeyToBytes } from './key-material.js';

describe.each(algorithmNames)('the bytes of a key for %s', (name) => {
  const { generate, kind, symmetric } = algorithm(name);

  it('are read back as the same key', async () => {
    const { signingKey } = await generate(2048);
    expect(keyObjectFromBytes(kind, privateKeyToBytes(signingKey)).equals(signingKey)).toBe(true);
  });

  it('have a public half unless the key is a shared secret', async () => {
    const { signingKey, verifyingKey } = await generate(2048);
    if (symmetric) {
      expect(() => publicKeyToBytes(signingKey)).toThrow('no public half');
    } else {
      expect(publicKeyToBytes(signingKey)).toEqual(publicKeyToBytes(verifyingKey));
      expect(publicKeyFromBytes(publicKeyToBytes(signingKey)).equals(verifyingKey)).toBe(true);
      expect(() => privateKeyToBytes(verifyingKey)).toThrow('no private bytes');
    }
  });
});

describe('bytes that are no key', () => {
  it.each([Buffer.alloc(0), Buffer.from('-----BEGIN PRIVATE KEY-----'), Buffer.alloc(48, 0x30)])('%o', (bytes) => {
    expect(() => keyObjectFromBytes('rsa', bytes)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
    expect(() => publicKeyFromBytes(bytes)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }));
  });
});
