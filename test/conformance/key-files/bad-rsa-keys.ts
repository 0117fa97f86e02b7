import { checkPrimeSync, generatePrimeSync } from 'node:crypto';
import type { RsaNumbers } from '#crypto';

const E = 65_537n;

export const prime = (bits: number): bigint => generatePrimeSync(bits, { bigint: true });

/** A prime p of so many bits that leaves e invertible. */
function suitablePrime(bits: number, e = E): bigint {
  for (;;) {
    const candidate = prime(bits);
    if ((candidate - 1n) % e !== 0n) return candidate;
  }
}

export function nextPrime(number: bigint, e = E): bigint {
  let candidate = number + 1n + (number % 2n);
  while ((candidate - 1n) % e === 0n || !checkPrimeSync(candidate, { checks: 1 })) candidate += 2n;
  return candidate;
}

/** The inverse modulo `modulus`, by the extended Euclidean algorithm. */
export function inverse(number: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [number % modulus, modulus, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

/** The numbers of the key with these primes; all of them belong together. */
export function rsaNumbers(p: bigint, q: bigint, e = E): RsaNumbers {
  const d = inverse(e, (p - 1n) * (q - 1n));
  return { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
}

export const goodNumbers = (bits = 2048): RsaNumbers => {
  for (;;) {
    const numbers = rsaNumbers(suitablePrime(bits / 2), suitablePrime(bits / 2));
    if (numbers.n >> BigInt(bits - 1) === 1n) return numbers;
  }
};

/** A key of 512-bit primes as the faulty generator of CVE-2017-15361 makes them: `k * M + 65537^a mod M`. */
export function rocaNumbers(): RsaNumbers {
  const small: bigint[] = [];
  for (let number = 2n; small.length < 126; number++)
    if (small.every((factor) => number % factor !== 0n)) small.push(number);
  const M = small.reduce((product, factor) => product * factor, 1n);
  const faulty = (): bigint => {
    for (;;) {
      const exponent = prime(64);
      let power = 1n;
      for (let bit = exponent, square = E; bit > 0n; bit >>= 1n, square = (square * square) % M) {
        if (bit & 1n) power = (power * square) % M;
      }
      for (let k = prime(1024 - M.toString(2).length); k % 500n !== 0n; k++) {
        const candidate = k * M + power;
        if (candidate.toString(2).length === 1024 && checkPrimeSync(candidate, { checks: 1 })) return candidate;
      }
    }
  };
  return rsaNumbers(faulty(), faulty());
}

/** Primes that differ in their last bits only. */
export function closePrimes(distance: bigint): RsaNumbers {
  const p = suitablePrime(1024);
  return rsaNumbers(p, nextPrime(p + distance));
}

/** A short private exponent, chosen first (Wiener). */
export function shortPrivateExponent(): RsaNumbers {
  const [p, q] = [suitablePrime(512), suitablePrime(512)];
  const d = nextPrime(1n << 60n);
  const e = inverse(d, (p - 1n) * (q - 1n));
  return { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
}
