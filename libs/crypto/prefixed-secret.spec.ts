import { crc32 } from 'node:zlib';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeBase62, prefixedSecret } from './prefixed-secret.js';

const invitations = prefixedSecret('cinv_');

describe('a prefixed secret', () => {
  it('a prefixed secret has its prefix, 256 random bits and a checksum, and is never printed', () => {
    const secret = invitations.generate();
    expect(secret.reveal()).toMatch(/^cinv_[0-9A-Za-z]{49}$/);
    expect(invitations.isWellFormed(secret.reveal())).toBe(true);
    expect(String(secret)).toBe('[secret]');
    expect(invitations.generate().reveal()).not.toBe(secret.reveal());
  });

  it('a prefixed secret with a typing error, or of another kind, is not well-formed', () => {
    const text = invitations.generate().reveal();
    const last = text.at(-1) === 'a' ? 'b' : 'a';
    expect(invitations.isWellFormed(text.slice(0, -1) + last)).toBe(false);
    expect(invitations.isWellFormed(text.replace('cinv_', 'crst_'))).toBe(false);
    expect(invitations.isWellFormed(prefixedSecret('crst_').generate().reveal())).toBe(false);
    expect(invitations.isWellFormed(`${text} `)).toBe(false);
  });
});

describe('the checksum of a prefixed secret', () => {
  it('the checksum of a prefixed secret is its CRC-32 in six digits of base 62', () => {
    const body = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }).map((value) => `cinv_${encodeBase62(value, 43)}`);
    fc.assert(fc.property(body, (text) => invitations.isWellFormed(text + encodeBase62(BigInt(crc32(text)), 6))));
  });
});

describe('encodeBase62', () => {
  it.each([
    [0n, '0'],
    [9n, '9'],
    [10n, 'A'],
    [36n, 'a'],
    [61n, 'z'],
    [62n, '10'],
  ])('encodeBase62 writes %s as %s', (value, text) => {
    expect(encodeBase62(value)).toBe(text);
  });

  it('encodeBase62 holds the largest values in 43 and 6 digits', () => {
    expect(encodeBase62((1n << 256n) - 1n, 43)).toHaveLength(43);
    expect(encodeBase62((1n << 32n) - 1n, 6)).toHaveLength(6);
    expect(encodeBase62(0n, 6)).toBe('000000');
  });

  it('encodeBase62 sorts as the numbers do', () => {
    const number = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n });
    fc.assert(fc.property(number, number, (a, b) => a < b === encodeBase62(a, 43) < encodeBase62(b, 43)));
  });
});
