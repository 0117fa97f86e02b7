import { checkPrime } from 'node:crypto';
import { promisify } from 'node:util';
import { RSA_READABLE_BITS } from '../algorithms.js';
import { cryptoErrors } from '../errors.js';
import { hasClosePrimes, hasRocaFingerprint, smallFactor } from '../rsa-weakness.js';
import { keyFileErrors } from './errors.js';

/** The numbers of an RSA private key with two primes (RFC 8017 §3.2). */
export interface RsaNumbers {
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
  /** d mod p - 1 */
  readonly dp: bigint;
  /** d mod q - 1 */
  readonly dq: bigint;
  /** q^-1 mod p */
  readonly qi: bigint;
}

export const RSA_NUMBER_NAMES = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const satisfies (keyof RsaNumbers)[];

const isPrime = promisify(checkPrime) as (candidate: bigint) => Promise<boolean>;

const EXPONENT_BITS_MAX = 64; // OpenSSL verifies no longer one with a modulus above 3072 bits.
// FIPS 186-5 §A.1.3: the primes differ within their first 100 bits.
const PRIME_DISTANCE_BITS = 100;
// Primes of one length are usual; one that is much shorter makes factoring cheaper.
const PRIME_IMBALANCE_BITS = 16;

export const bitLength = (number: bigint): number => (number === 0n ? 0 : number.toString(2).length);

/**
 * What can be said about an RSA key by its public half: size, exponent, small factors, close primes (Fermat), and the
 * fingerprint of the faulty generator of CVE-2017-15361 (ROCA). The size is looked at first, so that a huge key costs
 * nothing.
 * @throws INVALID_KEY, WEAK_KEY
 */
export function checkRsaPublicNumbers({ n, e }: Pick<RsaNumbers, 'n' | 'e'>, bitsMin: number = RSA_READABLE_BITS.min) {
  const bits = bitLength(n);
  if (bits > RSA_READABLE_BITS.max) {
    throw cryptoErrors.INVALID_KEY(`The modulus has ${bits} bits; at most ${RSA_READABLE_BITS.max} are supported`);
  }
  if (bits < bitsMin) {
    throw keyFileErrors.WEAK_KEY(`The modulus has ${bits} bits; at least ${bitsMin} are needed`);
  }
  if (e % 2n === 0n || e <= 1n) throw cryptoErrors.INVALID_KEY('The public exponent is even or 1');
  if (bitLength(e) > EXPONENT_BITS_MAX) throw cryptoErrors.INVALID_KEY('The public exponent is too long');
  // FIPS 186-5 §A.1.1
  if (e <= 0x10000n) throw keyFileErrors.WEAK_KEY('The public exponent is smaller than 65537');
  if (smallFactor(n) !== undefined) throw keyFileErrors.WEAK_KEY('The modulus has a small factor');
  if (hasRocaFingerprint(n)) throw keyFileErrors.WEAK_KEY('The key comes from a faulty generator (CVE-2017-15361)');
  if (hasClosePrimes(n)) throw keyFileErrors.WEAK_KEY('The primes of the key are too close to each other');
}

/**
 * Everything that must hold between the numbers of a private key, whatever a library would silently accept.
 * @throws INVALID_KEY, WEAK_KEY, INCONSISTENT_KEY
 */
export async function checkRsaNumbers(numbers: RsaNumbers): Promise<void> {
  checkRsaPublicNumbers(numbers);
  const { n, e, d, p, q, dp, dq, qi } = numbers;
  if ([d, p, q, dp, dq, qi].some((number) => number <= 1n || number >= n)) {
    throw keyFileErrors.INCONSISTENT_KEY('A number of the key is out of its range');
  }
  if (p * q !== n) throw keyFileErrors.INCONSISTENT_KEY('The modulus is not the product of the primes');
  const half = Math.ceil(bitLength(n) / 2);
  if (bitLength(p > q ? p - q : q - p) <= half - PRIME_DISTANCE_BITS) {
    throw keyFileErrors.WEAK_KEY('The primes of the key are too close to each other');
  }
  if (Math.min(bitLength(p), bitLength(q)) < half - PRIME_IMBALANCE_BITS) {
    throw keyFileErrors.WEAK_KEY('One prime of the key is much shorter than the other');
  }
  // Modulo p - 1 and q - 1 each is the same as modulo their least common multiple.
  if ([p, q].some((prime) => (e * d) % (prime - 1n) !== 1n)) {
    throw keyFileErrors.INCONSISTENT_KEY('The private exponent is not the inverse of the public one');
  }
  if (dp !== d % (p - 1n) || dq !== d % (q - 1n) || (qi * q) % p !== 1n || qi >= p) {
    throw keyFileErrors.INCONSISTENT_KEY('The parts for the Chinese remainder theorem do not belong to the key');
  }
  // FIPS 186-5 §A.1.1; a short one is found by continued fractions (Wiener).
  if (bitLength(d) <= half) throw keyFileErrors.WEAK_KEY('The private exponent is too short');
  if (!(await Promise.all([isPrime(p), isPrime(q)])).every(Boolean)) {
    throw cryptoErrors.INVALID_KEY('A factor of the modulus is not prime');
  }
}
