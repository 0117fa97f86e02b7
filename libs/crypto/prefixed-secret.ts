import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Secret } from '#core';

const RANDOM_BYTES = 32;
// The fewest digits that hold 256 and 32 bits: 62^43 > 2^256, 62^6 > 2^32.
const RANDOM_DIGITS = 43;
const CHECKSUM_DIGITS = 6;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A non-negative integer in base 62 (0-9, A-Z, a-z), padded with zeros to at least `digits`. */
export function encodeBase62(value: bigint, digits = 1): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = BASE62[Number(rest % 62n)] + text;
  return text.padStart(digits, '0');
}

/** Of a number below 2^53: the arithmetic of `encodeBase62` takes ten times as long, and every request with a key has one. */
function checksum(text: string): string {
  let digits = '';
  for (let rest = crc32(text); digits.length < CHECKSUM_DIGITS; rest = Math.floor(rest / 62)) {
    digits = BASE62[rest % 62]! + digits;
  }
  return digits;
}

/** One kind of secret that Chancery makes: its prefix tells people and secret scanners what it is. */
export interface PrefixedSecret {
  readonly prefix: string;
  /** A new one: the prefix, 256 random bits in base 62, and a CRC-32 over both. */
  readonly generate: () => Secret;
  /**
   * Whether the text can be such a secret at all. The checksum is no secret: it answers typing errors and guessing
   * scanners without asking the database, and lets secret scanners recognise a leaked one.
   */
  readonly isWellFormed: (text: string) => boolean;
}

/** @param prefix lower-case letters and an underscore, such as `csk_` */
export function prefixedSecret(prefix: string): PrefixedSecret {
  const pattern = new RegExp(`^${prefix}[0-9A-Za-z]{${RANDOM_DIGITS + CHECKSUM_DIGITS}}$`);
  return {
    prefix,
    generate: () => {
      const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
      const body = prefix + encodeBase62(random, RANDOM_DIGITS);
      return new Secret(body + checksum(body));
    },
    isWellFormed: (text) =>
      pattern.test(text) && checksum(text.slice(0, -CHECKSUM_DIGITS)) === text.slice(-CHECKSUM_DIGITS),
  };
}
