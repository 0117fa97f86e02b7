import { generateKeyPairSync, sign, verify } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { derSignatureOf, joseSignatureOf } from './ecdsa-signature.js';

describe('the two forms of an ECDSA signature', () => {
  it.each([
    ['P-256', 'sha256', 32],
    ['P-384', 'sha384', 48],
    ['P-521', 'sha512', 66],
  ] as const)('signatures of %s are as OpenSSL has them in the form of JOSE', (namedCurve, hash, bytes) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    for (let count = 0; count < 50; count += 1) {
      const der = sign(hash, Buffer.of(count), privateKey);
      const jose = joseSignatureOf(der, bytes);
      expect(verify(hash, Buffer.of(count), { key: publicKey, dsaEncoding: 'ieee-p1363' }, jose)).toBe(true);
      expect(derSignatureOf(jose)).toEqual(der);
    }
  });

  it('short integers of a signature are filled up on the left', () => {
    expect(joseSignatureOf(Buffer.from('300702010102020080', 'hex'), 2).toString('hex')).toBe('00010080');
  });

  it('integers of a signature lose the zeros on their left, and have one where they would be negative', () => {
    expect(derSignatureOf(Buffer.from('00010080', 'hex')).toString('hex')).toBe('300702010102020080');
    expect(derSignatureOf(Buffer.alloc(4)).toString('hex')).toBe('3006020100020100');
  });

  it.each([
    ['a negative integer', '3006020180020101'],
    ['0', '3006020100020101'],
    ['an integer that is too long', '30090204010203040201 01'.replace(' ', '')],
    ['three integers', '3009020101020101020101'],
    ['no sequence', '020101'],
    ['bytes after it', '300602010102010100'],
    ['nothing', ''],
  ])('joseSignatureOf rejects %s', (_, hex) => {
    expect(() => joseSignatureOf(Buffer.from(hex, 'hex'), 2)).toThrow(Error);
  });
});
