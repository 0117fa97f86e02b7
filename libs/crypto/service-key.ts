import { type KeyObject, createHash, createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Secret } from '#core';

const PREFIX = 'csk_';
const RANDOM_BYTES = 32;
// The fewest digits that hold 256 and 32 bits: 62^43 > 2^256, 62^6 > 2^32.
const RANDOM_DIGITS = 43;
const CHECKSUM_DIGITS = 6;
const SERVICE_KEY_PATTERN = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_DIGITS + CHECKSUM_DIGITS}}$`);

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A non-negative integer in base 62 (0-9, A-Z, a-z), padded with zeros to at least `digits`. */
export function encodeBase62(value: bigint, digits = 1): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = BASE62[Number(rest % 62n)] + text;
  return text.padStart(digits, '0');
}

const checksum = (text: string): string => encodeBase62(BigInt(crc32(text)), CHECKSUM_DIGITS);

/** A new service key: `csk_`, 256 random bits in base 62, and a CRC-32 over both. */
export function generateServiceKey(): Secret {
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const body = PREFIX + encodeBase62(random, RANDOM_DIGITS);
  return new Secret(body + checksum(body));
}

/**
 * Whether the text can be a service key at all. The checksum is no secret: it answers typing errors and guessing
 * scanners without asking the database, and lets secret scanners recognise a leaked key.
 */
export const isWellFormedServiceKey = (text: string): boolean =>
  SERVICE_KEY_PATTERN.test(text) && checksum(text.slice(0, -CHECKSUM_DIGITS)) === text.slice(-CHECKSUM_DIGITS);

/** Below this length the last four characters would give away too much of a secret. */
const MASK_TAIL_FROM_LENGTH = 24;

/** What a list shows of a secret: `csk_••••••••ab12`. Of a short one, nothing; its length is never shown. */
export function maskSecret(text: string): string {
  if (text.length < MASK_TAIL_FROM_LENGTH) return '••••••••';
  const prefix = /^[a-z]{2,8}_/.exec(text)?.[0] ?? '';
  return `${prefix}••••••••${text.slice(-4)}`;
}

/**
 * The HMAC-SHA256 (hex) by which a secret is found. The pepper is kept outside the table, so that a party that can write the
 * table still cannot plant a key.
 */
export const lookupHash = (pepper: KeyObject, text: string): string =>
  createHmac('sha256', pepper).update(text).digest('hex');

/**
 * 16 hex digits by which two people compare a secret without showing it. Unkeyed it suits secrets of full entropy
 * (256 random bits) only; for a secret that a person chose, pass a pepper, or it can be guessed offline.
 */
export function fingerprint(secretBytes: Buffer, pepper?: KeyObject): string {
  const hash = pepper === undefined ? createHash('sha256') : createHmac('sha256', pepper);
  return hash.update('fingerprint').update(secretBytes).digest('hex').slice(0, 16);
}
