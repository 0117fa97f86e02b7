import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { Secret } from '#core';
import { type AuthorityKeyAlgorithm, CpuQueue } from '#crypto';

import { authorityKeyAlgorithmOf, generateAuthorityKey, readAuthorityKey } from './authority-key-algorithms.js';

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const pem = (key: { export: (options: { type: 'pkcs8'; format: 'pem' }) => string | Buffer }) =>
  new Secret(key.export({ type: 'pkcs8', format: 'pem' }).toString());
const invalid = expect.objectContaining({ code: 'INVALID_CA_KEY' }) as unknown as Error;

describe('keys of authorities', () => {
  it.each<AuthorityKeyAlgorithm>(['P-256', 'P-384', 'RSA-2048'])(
    'an authority key %s is generated and recognised',
    async (name) => {
      const key = await generateAuthorityKey(new CpuQueue(), 'tenant', name);
      expect(authorityKeyAlgorithmOf(key)).toBe(name);
      expect((await readAuthorityKey(pem(key), undefined)).equals(key)).toBe(true);
    },
  );

  it('an RSA modulus between two sizes counts as the smaller one', () => {
    expect(authorityKeyAlgorithmOf(rsa(2_560))).toBe('RSA-2048');
  });

  it.each([
    ['RSA-1024', () => rsa(1_024)],
    ['P-521', () => ec('secp521r1')],
    ['secp256k1', () => ec('secp256k1')],
    ['Ed25519', () => generateKeyPairSync('ed25519').privateKey],
  ])('a key of an authority is not %s', async (_, make) => {
    const key = make();
    expect(authorityKeyAlgorithmOf(key)).toBeUndefined();
    await expect(readAuthorityKey(pem(key), undefined)).rejects.toThrow(invalid);
  });

  it('a key of an authority is a complete private key under its own passphrase', async () => {
    const key = ec('prime256v1');
    const sealed = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }).toString();
    expect((await readAuthorityKey(new Secret(sealed), new Secret('right'))).equals(key)).toBe(true);
    for (const passphrase of [undefined, new Secret('wrong')]) {
      await expect(readAuthorityKey(new Secret(sealed), passphrase)).rejects.toThrow(invalid);
    }
    await expect(readAuthorityKey(new Secret('hello'), undefined)).rejects.toThrow(invalid);
  });
});
