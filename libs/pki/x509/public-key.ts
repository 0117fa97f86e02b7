import { type KeyObject, createPublicKey, hash } from 'node:crypto';
import { isSoundEd25519Point } from '#crypto';
import {
  DerError,
  DerFields,
  type DerNode,
  OID,
  TAG,
  parseDer,
  readBitString,
  readInteger,
  readObjectIdentifier,
} from '#asn1';

/** What a SubjectPublicKeyInfo holds, before anything is judged. */
export type PublicKeyFacts =
  | { readonly algorithm: 'rsa'; readonly modulus: bigint; readonly exponent: bigint; readonly modulusBits: number }
  | { readonly algorithm: 'ec'; readonly curve: 'P-256' | 'P-384'; readonly x: Buffer; readonly y: Buffer }
  | { readonly algorithm: 'ed25519'; readonly point: Buffer }
  | { readonly algorithm: 'unsupported'; readonly detail: string };

const CURVES: Readonly<Record<string, { readonly curve: 'P-256' | 'P-384'; readonly bytes: number }>> = {
  [OID.p256]: { curve: 'P-256', bytes: 32 },
  [OID.p384]: { curve: 'P-384', bytes: 48 },
};

/** RFC 3279 §2.3.1, RFC 5480 §2, RFC 8410 §4. @throws DerError where it is no SubjectPublicKeyInfo */
export function readPublicKey(node: DerNode): PublicKeyFacts {
  const fields = DerFields.of(node);
  const algorithm = DerFields.of(fields.take());
  const key = readBitString(fields.take());
  fields.end();
  const oid = readObjectIdentifier(algorithm.take());
  if (oid === OID.rsaEncryption) {
    if (algorithm.take(TAG.null).content.length > 0) throw new DerError('NULL has no content');
    algorithm.end();
    return readRsaKey(key);
  }
  if (oid === OID.ecPublicKey) return readEcPoint(algorithm.take(), key);
  if (oid === OID.ed25519) {
    algorithm.end();
    if (key.length !== 32) throw new DerError('An Ed25519 key has 32 bytes');
    return { algorithm: 'ed25519', point: key };
  }
  return { algorithm: 'unsupported', detail: `key algorithm ${oid}` };
}

function readRsaKey(key: Buffer): PublicKeyFacts {
  const numbers = DerFields.of(parseDer(key));
  const modulus = readInteger(numbers.take());
  const exponent = readInteger(numbers.take());
  numbers.end();
  if (modulus <= 0n || exponent <= 0n) throw new DerError('The numbers of an RSA key are positive');
  return { algorithm: 'rsa', modulus, exponent, modulusBits: modulus.toString(2).length };
}

function readEcPoint(parameters: DerNode, key: Buffer): PublicKeyFacts {
  if (parameters.tag !== TAG.objectIdentifier) return { algorithm: 'unsupported', detail: 'explicit curve parameters' };
  const oid = readObjectIdentifier(parameters);
  const known = CURVES[oid];
  if (!known) return { algorithm: 'unsupported', detail: `curve ${oid}` };
  const { curve, bytes } = known;
  if (key[0] !== 4 || key.length !== 1 + 2 * bytes) return { algorithm: 'unsupported', detail: 'a compressed point' };
  return { algorithm: 'ec', curve, x: key.subarray(1, 1 + bytes), y: key.subarray(1 + bytes) };
}

/**
 * The key that verifies; `undefined` where it is unsupported, is not a point of its curve, or has a modulus that would
 * cost too much. By JWK: OpenSSL takes a tenth of the time that it needs for DER.
 */
export function importPublicKey(facts: PublicKeyFacts): KeyObject | undefined {
  const jwk = publicJwk(facts);
  if (!jwk) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

const RSA_BITS_VERIFIED_MAX = 4096;
// A verification costs in proportion to the exponent's length; FIPS 186-5 §A.1.1 stops at 256 bits.
const RSA_EXPONENT_VERIFIED_MAX = 1n << 256n;

function publicJwk(facts: PublicKeyFacts): Record<string, string> | undefined {
  if (facts.algorithm === 'ec')
    return { kty: 'EC', crv: facts.curve, x: facts.x.toString('base64url'), y: facts.y.toString('base64url') };
  if (facts.algorithm === 'ed25519')
    return isSoundEd25519Point(facts.point)
      ? { kty: 'OKP', crv: 'Ed25519', x: facts.point.toString('base64url') }
      : undefined;
  if (facts.algorithm === 'unsupported') return undefined;
  if (facts.modulusBits > RSA_BITS_VERIFIED_MAX || facts.exponent >= RSA_EXPONENT_VERIFIED_MAX) return undefined;
  return { kty: 'RSA', n: bigEndian(facts.modulus), e: bigEndian(facts.exponent) };
}

function bigEndian(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** Method 1 of RFC 5280 §4.2.1.2: SHA-1 of the key's bits. An identifier, not a promise of integrity. */
export const keyIdentifier = (publicKeyInfo: Buffer): Buffer => hash('sha1', publicKeyBits(publicKeyInfo), 'buffer');

/** The content of the subjectPublicKey bit string, which key identifiers and OCSP hash. @throws DerError */
export function publicKeyBits(publicKeyInfo: Buffer): Buffer {
  const fields = DerFields.of(parseDer(publicKeyInfo));
  fields.take();
  return readBitString(fields.take());
}
