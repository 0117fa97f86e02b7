import { type KeyObject, createPrivateKey } from 'node:crypto';
import {
  DerError,
  DerFields,
  type DerNode,
  OID,
  TAG,
  onlyChild,
  parseBer,
  readBitString,
  readInteger,
  readObjectIdentifier,
  readOctets,
} from '#asn1';
import { type CurveName, type PrivateKeyParts, RSA_NUMBER_NAMES, type RsaNumbers, cryptoErrors } from '#crypto';

/** The curves of the algorithms table (RFC 5480 §2.1.1.1). */
const CURVE_IDENTIFIERS: ReadonlyMap<string, CurveName> = new Map([
  [OID.p256, 'prime256v1'],
  [OID.p384, 'secp384r1'],
  [OID.p521, 'secp521r1'],
]);

const ML_DSA_IDENTIFIERS: ReadonlySet<string> = new Set([OID.mlDsa44, OID.mlDsa65, OID.mlDsa87]);

/** `RSAPrivateKey` of PKCS#1 (RFC 8017 appendix A.1.2). @throws INVALID_KEY; DerError */
export function readPkcs1(node: DerNode): PrivateKeyParts {
  const fields = DerFields.of(node);
  if (readInteger(fields.take()) !== 0n) throw cryptoErrors.INVALID_KEY('It is not an RSA private key with two primes');
  const numbers = RSA_NUMBER_NAMES.map((name) => [name, readPositive(fields.take())]);
  fields.end();
  return { kind: 'rsa', numbers: Object.fromEntries(numbers) as RsaNumbers };
}

function readPositive(node: DerNode): bigint {
  const number = readInteger(node);
  if (number < 0n) throw new DerError('A number of a key is not negative');
  return number;
}

/**
 * `ECPrivateKey` of SEC 1 (RFC 5915 §3).
 * @param outer the curve that the file names outside of it, in PKCS#8
 * @throws INVALID_KEY; DerError
 */
export function readSec1(node: DerNode, outer?: DerNode): PrivateKeyParts {
  const fields = DerFields.of(node);
  if (readInteger(fields.take()) !== 1n) throw cryptoErrors.INVALID_KEY('It is not an elliptic-curve private key');
  const scalar = readOctets(fields.take());
  const parameters = fields.optional(0xa0);
  const publicKey = fields.optional(0xa1);
  const named = [outer, parameters && onlyChild(parameters)].filter((curve) => curve !== undefined).map(curveOf);
  const [curve, ...others] = new Set(named);
  if (curve === undefined || others.length > 0) {
    throw cryptoErrors.INVALID_KEY('The file names no curve, or two of them');
  }
  return { kind: 'ec', curve, scalar, point: publicKey && readBitString(onlyChild(publicKey)) };
}

/** A curve by its name only: parameters that are spelt out can describe a curve that is almost the right one (CVE-2020-0601). */
function curveOf(parameters: DerNode): CurveName {
  if (parameters.tag !== TAG.objectIdentifier) {
    throw cryptoErrors.INVALID_KEY('The curve is spelt out; only curves by name are read');
  }
  const curve = CURVE_IDENTIFIERS.get(readObjectIdentifier(parameters));
  if (curve === undefined) throw cryptoErrors.INVALID_KEY('The curve is none of P-256, P-384 and P-521');
  return curve;
}

/** `publicKey [1] IMPLICIT BIT STRING` of RFC 5958 §2. */
const PUBLIC_KEY_TAG = 0x81;

/** `PrivateKeyInfo` of PKCS#8, or `OneAsymmetricKey` (RFC 5958 §2). @throws INVALID_KEY; DerError */
export function readPkcs8(node: DerNode): PrivateKeyParts {
  const fields = DerFields.of(node);
  if (readInteger(fields.take()) > 1n) throw cryptoErrors.INVALID_KEY('It is not a PKCS#8 private key');
  const algorithm = DerFields.of(fields.take());
  const key = readOctets(fields.take());
  fields.optional(0xa0);
  const publicKey = fields.optional(PUBLIC_KEY_TAG);
  const identifier = readObjectIdentifier(algorithm.take());
  if (ML_DSA_IDENTIFIERS.has(identifier)) return { kind: 'akp', key: readByOpenssl(node.raw) };
  switch (identifier) {
    case OID.rsaEncryption:
      return readPkcs1(parseBer(key));
    case OID.ecPublicKey:
      return readSec1(parseBer(key), algorithm.take());
    case OID.ed25519:
      return {
        kind: 'okp',
        seed: readOctets(parseBer(key)),
        publicKey: publicKey && readBitString(publicKey, PUBLIC_KEY_TAG),
      };
    default:
      throw cryptoErrors.INVALID_KEY('The key is of a type that is not supported');
  }
}

function readByOpenssl(bytes: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  } catch {
    throw cryptoErrors.INVALID_KEY('It is not a PKCS#8 private key');
  }
}
