import { type KeyObject, createPrivateKey } from 'node:crypto';
import { type CurveName, type PrivateKeyParts, cryptoErrors } from '#crypto';
import {
  type Asn1Value,
  TAG,
  bitsOf,
  contextTag,
  identifierOf,
  integerOf,
  octetsOf,
  partsOf,
  readAsn1,
} from './asn1.js';

/** The curves of the algorithms table (RFC 5480 §2.1.1.1). */
const CURVE_IDENTIFIERS: ReadonlyMap<string, CurveName> = new Map([
  ['1.2.840.10045.3.1.7', 'prime256v1'],
  ['1.3.132.0.34', 'secp384r1'],
  ['1.3.132.0.35', 'secp521r1'],
]);

const OID = {
  rsaEncryption: '1.2.840.113549.1.1.1',
  ecPublicKey: '1.2.840.10045.2.1',
  ed25519: '1.3.101.112',
} as const;

/** FIPS 204 in draft-ietf-lamps-dilithium-certificates: id-ml-dsa-44, -65 and -87. */
const ML_DSA_IDENTIFIERS: ReadonlySet<string> = new Set([17, 18, 19].map((arc) => `2.16.840.1.101.3.4.3.${arc}`));

/** `RSAPrivateKey` of PKCS#1 (RFC 8017 appendix A.1.2). @throws INVALID_KEY */
export function readPkcs1(value: Asn1Value): PrivateKeyParts {
  const [version, ...numbers] = partsOf(value);
  if (integerOf(version) !== 0n || numbers.length !== 8) {
    throw cryptoErrors.INVALID_KEY('It is not an RSA private key with two primes');
  }
  const [n, e, d, p, q, dp, dq, qi] = numbers.map(integerOf) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return { kind: 'rsa', numbers: { n, e, d, p, q, dp, dq, qi } };
}

/**
 * `ECPrivateKey` of SEC 1 (RFC 5915 §3).
 * @param outer the curve that the file names outside of it, in PKCS#8
 * @throws INVALID_KEY
 */
export function readSec1(value: Asn1Value, outer?: Asn1Value): PrivateKeyParts {
  const [version, scalar, ...optional] = partsOf(value);
  if (integerOf(version) !== 1n) throw cryptoErrors.INVALID_KEY('It is not an elliptic-curve private key');
  const inside = (number: number): Asn1Value | undefined =>
    optional.find(({ tag }) => tag === contextTag(number))?.children[0];
  const curves = [outer, inside(0)].filter((named) => named !== undefined).map(curveOf);
  const [curve] = curves;
  if (curve === undefined || new Set(curves).size !== 1) {
    throw cryptoErrors.INVALID_KEY('The file names no curve, or two of them');
  }
  const point = inside(1);
  return { kind: 'ec', curve, scalar: octetsOf(scalar), point: point && bitsOf(point) };
}

/** A curve by its name only: parameters that are spelt out can describe a curve that is almost the right one (CVE-2020-0601). */
function curveOf(parameters: Asn1Value): CurveName {
  if (parameters.tag !== TAG.objectIdentifier) {
    throw cryptoErrors.INVALID_KEY('The curve is spelt out; only curves by name are read');
  }
  const curve = CURVE_IDENTIFIERS.get(identifierOf(parameters));
  if (curve === undefined) throw cryptoErrors.INVALID_KEY('The curve is none of P-256, P-384 and P-521');
  return curve;
}

/** `PrivateKeyInfo` of PKCS#8, or `OneAsymmetricKey` (RFC 5958 §2). @throws INVALID_KEY */
export function readPkcs8(value: Asn1Value): PrivateKeyParts {
  const [version, algorithm, privateKey, ...optional] = partsOf(value);
  if (integerOf(version) > 1n) throw cryptoErrors.INVALID_KEY('It is not a PKCS#8 private key');
  const [identifier, parameters] = partsOf(algorithm);
  const key = octetsOf(privateKey);
  const name = identifierOf(identifier);
  if (ML_DSA_IDENTIFIERS.has(name)) return { kind: 'akp', key: readByOpenssl(value.encoding) };
  switch (name) {
    case OID.rsaEncryption:
      return readPkcs1(readAsn1(key));
    case OID.ecPublicKey:
      return readSec1(readAsn1(key), parameters);
    case OID.ed25519: {
      const stated = optional.find(({ tag }) => tag === PUBLIC_KEY_TAG);
      return { kind: 'okp', seed: octetsOf(readAsn1(key)), publicKey: stated && bitsOf(stated, PUBLIC_KEY_TAG) };
    }
    default:
      throw cryptoErrors.INVALID_KEY('The key is of a type that is not supported');
  }
}

/** `publicKey [1] IMPLICIT BIT STRING` of RFC 5958 §2. */
const PUBLIC_KEY_TAG = 0x81;

function readByOpenssl(bytes: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  } catch {
    throw cryptoErrors.INVALID_KEY('It is not a PKCS#8 private key');
  }
}
