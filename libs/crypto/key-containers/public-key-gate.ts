import type { KeyObject } from 'node:crypto';
import { RSA_MODULUS_BITS } from '../algorithms.js';
import { cryptoErrors } from '../errors.js';
import { type Jwk, keyFromJwk } from '../jwk.js';
import { keyFileErrors } from './errors.js';
import { checkRsaPublicNumbers } from './rsa-checks.js';
import { decodeBase64Url, toBigInt } from './text-encodings.js';

const RSA_BITS_MIN = RSA_MODULUS_BITS[0];

/**
 * Reads a public key of somebody else, with which that party's signatures will be accepted here.
 * @throws INVALID_KEY for what is no public key, WEAK_KEY for one with which others can sign, too
 */
export function readTrustedKey(jwk: Jwk): KeyObject {
  const key = keyFromJwk(jwk);
  if (key.type !== 'public') throw cryptoErrors.INVALID_KEY('Only a public key is trusted');
  const { n, e, x } = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType === 'rsa') {
    checkRsaPublicNumbers({ n: toBigInt(decodeBase64Url(n)), e: toBigInt(decodeBase64Url(e)) }, RSA_BITS_MIN);
  }
  if (key.asymmetricKeyType === 'ed25519' && !isSoundEd25519Point(decodeBase64Url(x))) {
    throw keyFileErrors.WEAK_KEY('The public key is a point of small order');
  }
  return key;
}

const FIELD_25519 = (1n << 255n) - 19n;
/** The y coordinates of the eight points whose order divides 8. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_25519 - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** With a key of small order anybody can sign, and OpenSSL takes it; RFC 8032 §5.1.3 also wants y below the field's size. */
export function isSoundEd25519Point(point: Buffer): boolean {
  const y = BigInt.asUintN(255, toBigInt(Buffer.from(point).reverse()));
  return y < FIELD_25519 && !SMALL_ORDER.has(y);
}
