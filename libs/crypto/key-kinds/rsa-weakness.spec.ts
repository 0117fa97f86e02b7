import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasClosePrimes, hasRocaFingerprint, smallFactor } from './rsa-weakness.js';

const number = (base64url: string | undefined): bigint =>
  BigInt(`0x${Buffer.from(base64url ?? '', 'base64url').toString('hex')}`);
const sound = (() => {
  const { n, p, q } = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  return { modulus: number(n), p: number(p), q: number(q) };
})();

describe('a sound modulus', () => {
  it('a sound modulus has none of the weaknesses', () => {
    expect(smallFactor(sound.modulus)).toBeUndefined();
    expect(hasRocaFingerprint(sound.modulus)).toBe(false);
    expect(hasClosePrimes(sound.modulus)).toBe(false);
  });
});

describe('small factors', () => {
  it.each([2, 3, 5, 251, 7_919, 9_973])('the small factor %i is found', (factor) => {
    expect(smallFactor(sound.p * BigInt(factor))).toBe(factor);
  });

  it('10,007 is no small factor', () => {
    expect(smallFactor(sound.p * 10_007n)).toBeUndefined();
  });
});

describe('ROCA', () => {
  const primes = [...Array(168).keys()].filter(
    (n) => n > 2 && Array.from({ length: n - 2 }, (_, index) => index + 2).every((divisor) => n % divisor !== 0),
  );
  const primorial = primes.reduce((product, prime) => product * BigInt(prime), 1n);
  const power = (exponent: number): bigint => {
    let result = 1n;
    for (let round = 0; round < exponent; round += 1) result = (result * 65_537n) % primorial;
    return result;
  };
  const factor = (k: bigint, exponent: number): bigint => k * primorial + power(exponent);

  it('the structure of ROCA is found in any product of two such factors', () => {
    for (const [first, second] of [
      [1, 2],
      [500, 12_345],
      [99, 7],
    ] as const)
      expect(hasRocaFingerprint(factor(sound.p, first) * factor(sound.q, second))).toBe(true);
  });

  it('one factor with the structure of ROCA is not enough', () => {
    expect(hasRocaFingerprint(factor(sound.p, 77) * sound.q)).toBe(false);
  });
});

describe('close primes', () => {
  it('close primes are found up to a hundred rounds of Fermat, squares too', () => {
    expect(hasClosePrimes(sound.p * sound.p)).toBe(true);
    expect(hasClosePrimes(sound.p * (sound.p + 2n))).toBe(true);
    // Each round reaches a distance of about the fourth root of the modulus further.
    expect(hasClosePrimes(sound.p * (sound.p + (1n << 515n)))).toBe(true);
    expect(hasClosePrimes(sound.p * (sound.p + (1n << 900n)))).toBe(false);
  });
});
