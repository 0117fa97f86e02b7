import { createSecretKey } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeBase62 } from './prefixed-secret.js';
import { fingerprint, generateServiceKey, isWellFormedServiceKey, lookupHash, maskSecret } from './service-key.js';

describe('a service key', () => {
  const key = generateServiceKey().reveal();

  it('a service key is csk_, 43 random digits and 6 digits of CRC-32 over what precedes', () => {
    expect(key).toMatch(/^csk_[0-9A-Za-z]{49}$/);
    expect(key.slice(-6)).toBe(encodeBase62(BigInt(crc32(key.slice(0, -6))), 6));
    expect(isWellFormedServiceKey(key)).toBe(true);
  });

  it('a service key is not printed by accident, and never the same twice', () => {
    expect(String(generateServiceKey())).toBe('[secret]');
    expect(new Set(Array.from({ length: 100 }, () => generateServiceKey().reveal())).size).toBe(100);
  });

  it('a service key is invalid after any single character was mistyped', () => {
    for (let at = 0; at < key.length; at++) {
      const mistyped = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1);
      expect(isWellFormedServiceKey(mistyped)).toBe(false);
    }
  });

  it.each([
    '',
    'csk_',
    key.slice(0, -1),
    `${key}0`,
    `${key}\n`,
    ` ${key}`,
    key.toUpperCase(),
    key.replace('csk_', 'sk__'),
  ])('%j is no service key', (text) => {
    expect(isWellFormedServiceKey(text)).toBe(false);
  });
});

describe('maskSecret', () => {
  it('maskSecret shows the prefix and the last four characters of a long secret', () => {
    expect(maskSecret(`csk_${'A'.repeat(45)}ab12`)).toBe('csk_••••••••ab12');
    expect(maskSecret('q'.repeat(40))).toBe('••••••••qqqq');
  });

  it('maskSecret shows nothing of a short one', () => {
    expect(maskSecret('')).toBe('••••••••');
    expect(maskSecret('csk_hunter2hunter2')).toBe('••••••••');
  });
});

describe('lookupHash and fingerprint', () => {
  const pepper = createSecretKey(Buffer.alloc(32, 1));
  const otherPepper = createSecretKey(Buffer.alloc(32, 2));

  it('lookupHash is HMAC-SHA-256 (RFC 4231, case 2)', () => {
    expect(lookupHash(createSecretKey(Buffer.from('Jefe')), 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    expect(lookupHash(pepper, 'a')).not.toBe(lookupHash(otherPepper, 'a'));
  });

  it('the fingerprint of a secret differs under each pepper, and from those of others', () => {
    const [one, two] = [Buffer.from('one'), Buffer.from('two')];
    const all = [fingerprint(one), fingerprint(two), fingerprint(one, pepper), fingerprint(one, otherPepper)];
    expect(new Set(all).size).toBe(4);
    expect(all.every((text) => /^[0-9a-f]{16}$/.test(text))).toBe(true);
    expect(fingerprint(one, pepper)).toBe(fingerprint(one, pepper));
  });
});
