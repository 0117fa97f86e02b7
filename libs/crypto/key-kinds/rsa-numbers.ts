import { checkPrime } from 'node:crypto';
import { promisify } from 'node:util';
import { cryptoErrors } from '../errors.js';
import { keyFileErrors } from './errors.js';
import type { PublicKeyObjection, PublicKeyRule } from './key-kind.js';
import { hasClosePrimes, hasRocaFingerprint, smallFactor } from './rsa-weakness.js';

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

// FIPS 186-5 §A.1.3: the primes differ within their first 100 bits.
const PRIME_DISTANCE_BITS = 100;
// Primes of one length are usual; one that is much shorter makes factoring cheaper.
const PRIME_IMBALANCE_BITS = 16;

export const bitLength = (number: bigint): number => (number === 0n ? 0 : number.toString(2).length);

// Legacy peers still send 1024 bits; below that nothing verifies, and above 4096 a single check costs too much.
export const RSA_READABLE_BITS = { min: 1024, max: 4096 } as const;

interface RsaLimits {
  readonly bitsMin: number;
  readonly exponentBitsMax: number;
}

/** Of keys that sign here. OpenSSL verifies no longer exponent with a modulus above 3072 bits. */
const RSA_IMPORT_LIMITS: RsaLimits = { bitsMin: RSA_READABLE_BITS.min, exponentBitsMax: 64 };
/** Of keys that are certified, certify, or are trusted (FIPS 186-5 §A.1.1, NIST SP 800-131A §3). */
export const RSA_CERTIFIED_LIMITS: RsaLimits = { bitsMin: 2048, exponentBitsMax: 256 };

type PublicNumbers = Pick<RsaNumbers, 'n' | 'e'>;

interface RsaRule extends PublicKeyRule {
  /** The size and the exponent are looked at first: the others cost more, and only a key of a usual size is worth it. */
  readonly costly: boolean;
  readonly objection: (numbers: PublicNumbers, limits: RsaLimits) => string | undefined;
}

const objectIf = (broken: boolean, detail: string): string | undefined => (broken ? detail : undefined);

/**
 * What can be said about an RSA key by its public half: size, exponent, small factors, the fingerprint of the faulty
 * generator of CVE-2017-15361 (ROCA), close primes (Fermat).
 */
export const rsaPublicKeyRules: readonly RsaRule[] = [
  {
    code: 'RSA_TOO_SMALL',
    title: 'The RSA modulus is shorter than 2048 bits',
    citation: 'NIST SP 800-131A §3',
    costly: false,
    objection: ({ n }, { bitsMin }) =>
      objectIf(bitLength(n) < bitsMin, `The modulus has ${bitLength(n)} bits; at least ${bitsMin} are required`),
  },
  {
    code: 'RSA_TOO_LARGE',
    title: 'The RSA modulus is longer than 4096 bits',
    citation: 'CVE-2023-3817',
    costly: false,
    objection: ({ n }) => {
      const bits = bitLength(n);
      return objectIf(
        bits > RSA_READABLE_BITS.max,
        `The modulus has ${bits} bits; at most ${RSA_READABLE_BITS.max} are supported`,
      );
    },
  },
  {
    code: 'RSA_EXPONENT',
    title: 'The RSA exponent is even, small or very large',
    citation: 'FIPS 186-5 §A.1.1',
    costly: false,
    objection: ({ e }, { exponentBitsMax }) =>
      objectIf(
        e % 2n === 0n || e <= 0x10000n || bitLength(e) > exponentBitsMax,
        `The public exponent must be odd, at least 65537 and have at most ${exponentBitsMax} bits`,
      ),
  },
  {
    code: 'RSA_SMALL_FACTOR',
    title: 'The RSA modulus has a small factor',
    citation: 'CA/B Forum BR §6.1.6, SP 800-56B §6.4.2.2',
    costly: true,
    objection: ({ n }) => {
      const factor = smallFactor(n);
      return factor === undefined ? undefined : `The modulus is divisible by ${factor}`;
    },
  },
  {
    code: 'RSA_ROCA',
    title: 'The RSA key comes from a library with a known flaw (ROCA)',
    citation: 'CVE-2017-15361',
    costly: true,
    objection: ({ n }) =>
      objectIf(hasRocaFingerprint(n), 'The modulus has the fingerprint of a faulty generator (CVE-2017-15361)'),
  },
  {
    code: 'RSA_CLOSE_PRIMES',
    title: 'The primes of the RSA key are too close to each other',
    citation: 'CVE-2022-26320, FIPS 186-5 §A.1.3',
    costly: true,
    objection: ({ n }) =>
      objectIf(hasClosePrimes(n), 'The modulus can be factored: its primes are too close to each other'),
  },
];

/** Every rule that a public key breaks, in the order of the table. A huge key costs nothing. */
export function objectionsToRsa(numbers: PublicNumbers, limits: RsaLimits): PublicKeyObjection[] {
  const apply = (rules: readonly RsaRule[]): PublicKeyObjection[] =>
    rules.flatMap(({ code, objection }) => {
      const detail = objection(numbers, limits);
      return detail === undefined ? [] : [{ code, detail }];
    });
  const cheap = apply(rsaPublicKeyRules.filter(({ costly }) => !costly));
  const isOfUsualSize = cheap.every(({ code }) => code !== 'RSA_TOO_SMALL' && code !== 'RSA_TOO_LARGE');
  return isOfUsualSize ? [...cheap, ...apply(rsaPublicKeyRules.filter(({ costly }) => costly))] : cheap;
}

/**
 * The first rule that a public key breaks, as an error. What no key of ours has is unreadable rather than weak: a modulus
 * that is too long, and an exponent that is even, 1 or too long.
 * @throws INVALID_KEY, WEAK_KEY
 */
function checkRsaPublicNumbers(numbers: PublicNumbers): void {
  const [first] = objectionsToRsa(numbers, RSA_IMPORT_LIMITS);
  if (!first) return;
  const { e } = numbers;
  const isUnreadable =
    first.code === 'RSA_TOO_LARGE' ||
    (first.code === 'RSA_EXPONENT' && (e % 2n === 0n || e <= 1n || bitLength(e) > RSA_IMPORT_LIMITS.exponentBitsMax));
  throw isUnreadable ? cryptoErrors.INVALID_KEY(first.detail) : keyFileErrors.WEAK_KEY(first.detail);
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
