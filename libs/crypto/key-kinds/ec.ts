import { ECDH, type KeyObject, createECDH, createPrivateKey, generateKeyPair, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import {
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
import { type AlgorithmRow, type HashBits, generatePair } from '../algorithm.js';
import { derSignatureOf, joseSignatureOf } from '../ecdsa-signature.js';
import { decodeBase64Url } from '../encodings.js';
import { cryptoErrors } from '../errors.js';
import { holds } from '../signature-mistake.js';
import { keyFileErrors } from './errors.js';
import type { Jwk, KeyKind, PublicKeyFacts, PublicKeyFields, UncheckedKey } from './key-kind.js';

const signPooled = promisify(sign);
const verifyPooled = promisify(verify);

interface Curve {
  /** As `node:crypto` calls it. */
  readonly namedCurve: string;
  /** RFC 5480 §2.1.1.1. */
  readonly oid: string;
  /** Of a coordinate, and of a private number. */
  readonly bytes: number;
  // OpenSSL is quick on P-256 only (40 µs); the larger curves take up to 2 ms and would stall the event loop.
  readonly signatureMilliseconds: number;
  /** The signature of certificates with a key on the curve; absent where no certificate has such a key. */
  readonly certificateSignature?: string;
}

/** The curves, by the name that JWKs have for them (RFC 7518 §6.2.1.1). */
const CURVES = {
  'P-256': {
    namedCurve: 'prime256v1',
    oid: OID.p256,
    bytes: 32,
    signatureMilliseconds: 0,
    certificateSignature: OID.ecdsaWithSha256,
  },
  'P-384': {
    namedCurve: 'secp384r1',
    oid: OID.p384,
    bytes: 48,
    signatureMilliseconds: 1,
    certificateSignature: OID.ecdsaWithSha384,
  },
  'P-521': { namedCurve: 'secp521r1', oid: OID.p521, bytes: 66, signatureMilliseconds: 2 },
} as const satisfies Record<string, Curve>;

/** Curves that no algorithm here uses, by the names under which their owners know them. */
const FOREIGN_CURVES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.1', 'P-192'],
  ['1.3.132.0.33', 'P-224'],
  ['1.3.132.0.10', 'secp256k1'],
  ['1.2.156.10197.1.301', 'SM2'],
  ['1.3.36.3.3.2.8.1.1.7', 'brainpoolP256r1'],
  ['1.3.36.3.3.2.8.1.1.11', 'brainpoolP384r1'],
  ['1.3.36.3.3.2.8.1.1.13', 'brainpoolP512r1'],
]);

type CurveName = keyof typeof CURVES;
const curves: Readonly<Record<CurveName, Curve>> = CURVES;
const curveNames = Object.keys(CURVES) as CurveName[];
const LIST = `${curveNames.slice(0, -1).join(', ')} and ${curveNames.at(-1)}`;

/** ECDSA (RFC 7518 §3.4). */
export function ecAlgorithm(curve: CurveName, hashBits: HashBits): AlgorithmRow & { readonly kind: 'ec' } {
  const { namedCurve, bytes, signatureMilliseconds } = curves[curve];
  const digest = `sha${hashBits}` as const;
  const inline = signatureMilliseconds === 0;
  const fits = (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === namedCurve;
  return {
    kind: 'ec',
    symmetric: false,
    title: `ECDSA on ${curve} with SHA-${hashBits}`,
    reference: 'RFC 7518 §3.4',
    aliases: [],
    scheme: { type: 'ecdsa', hash: digest, curve, integerBytes: bytes },
    mistakes: [
      {
        cause: 'DER_SIGNATURE',
        detail: 'The signature is DER; JOSE wants R and S side by side (RFC 7518 §3.4)',
        explains: (signed, key) => holds(digest, signed, { key, dsaEncoding: 'der' }),
      },
    ],
    generate: () => generatePair((done) => generateKeyPair('ec', { namedCurve }, done)),
    // RFC 7518 §3.4: R and S side by side, not DER. Node can do that too, where the key comes with options: it then takes 20 µs
    // to find out that these are no key, as long as the signature itself.
    sign: (data, key) =>
      inline
        ? joseSignatureOf(sign(digest, data, key), bytes)
        : signPooled(digest, data, key).then((signature) => joseSignatureOf(signature, bytes)),
    verify: (data, signature, key) =>
      signature.length === 2 * bytes && (inline ? verify : verifyPooled)(digest, data, key, derSignatureOf(signature)),
    signatureMilliseconds: () => signatureMilliseconds,
    generationMilliseconds: () => signatureMilliseconds,
    fits,
    accepts: fits,
  };
}

/**
 * A private key of this number.
 * @param points the public half each time that the file states it: SEC 1 §2.3.3, compressed or not
 */
const ecKey = (curve: CurveName, scalar: Buffer, points: readonly Buffer[]): UncheckedKey => ({
  kind: 'ec',
  check() {
    const { bytes, namedCurve } = curves[curve];
    const d = scalarOf(scalar, bytes);
    const own = publicPoint(namedCurve, d);
    if (points.some((point) => !uncompressed(namedCurve, point).equals(own))) {
      throw keyFileErrors.INCONSISTENT_KEY('The public half that the file states is not that of its private key');
    }
    // A scalar of half the length is found in half the work; by chance there is none.
    if (d.subarray(0, Math.floor(bytes / 2)).every((byte) => byte === 0)) {
      throw keyFileErrors.WEAK_KEY('The private number of the key is too short');
    }
    const [x, y] = [own.subarray(1, 1 + bytes), own.subarray(1 + bytes)];
    const [xText, yText, dText] = [x, y, d].map((member) => member.toString('base64url'));
    return createPrivateKey({ key: { kty: 'EC', crv: curve, x: xText!, y: yText!, d: dText! }, format: 'jwk' });
  },
});

/**
 * RFC 5915 §3 wants as many octets as the order of the curve has; some writers leave out zeros at the front, others add one
 * as if it were an INTEGER.
 */
function scalarOf(octets: Buffer, bytes: number): Buffer {
  const excess = Math.max(0, octets.length - bytes);
  if (octets.subarray(0, excess).some((octet) => octet !== 0)) throw scalarOutOfRange();
  return Buffer.concat([Buffer.alloc(Math.max(0, bytes - octets.length)), octets.subarray(excess)]);
}

const scalarOutOfRange = (): Error =>
  cryptoErrors.INVALID_KEY('The private number of the key is not in the range of its curve');

function publicPoint(namedCurve: string, scalar: Buffer): Buffer {
  const pair = createECDH(namedCurve);
  try {
    pair.setPrivateKey(scalar);
    return pair.getPublicKey();
  } catch {
    throw scalarOutOfRange();
  }
}

function uncompressed(namedCurve: string, point: Buffer): Buffer {
  try {
    return ECDH.convertKey(point, namedCurve, undefined, undefined, 'uncompressed') as Buffer;
  } catch {
    throw cryptoErrors.INVALID_KEY('The public half of the key is no point on its curve');
  }
}

function readJwk(jwk: Jwk): UncheckedKey {
  const curve = curveNames.find((name) => name === jwk['crv']);
  if (!curve) throw cryptoErrors.INVALID_KEY(`The curve is none of ${LIST}`);
  const [scalar, x, y] = (['d', 'x', 'y'] as const).map((name) => decodeBase64Url(jwk[name]));
  // RFC 7518 §6.2.1.2: each is as long as the field.
  if ([scalar, x, y].some((member) => member!.length !== curves[curve].bytes)) {
    throw cryptoErrors.INVALID_KEY('A member of the JWK is not as long as its curve demands');
  }
  return ecKey(curve, scalar!, [Buffer.concat([Buffer.of(4), x!, y!])]);
}

/**
 * `ECPrivateKey` of SEC 1 (RFC 5915 §3).
 * @param outer the curve that the file names outside of it, in PKCS#8
 * @param outerPoint the public half that it states there (RFC 5958 §2)
 */
function readSec1(node: DerNode, outer?: DerNode, outerPoint?: Buffer): UncheckedKey {
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
  const points = [outerPoint, publicKey && readBitString(onlyChild(publicKey))].filter((point) => point !== undefined);
  return ecKey(curve, scalar, points);
}

/** A curve by its name only: parameters that are explicit can describe a curve that is almost the right one (CVE-2020-0601). */
function curveOf(parameters: DerNode): CurveName {
  if (parameters.tag !== TAG.objectIdentifier) {
    throw cryptoErrors.INVALID_KEY('The curve is explicit; only curves by name are read');
  }
  const identifier = readObjectIdentifier(parameters);
  const curve = curveNames.find((name) => curves[name].oid === identifier);
  if (curve === undefined) {
    throw cryptoErrors.INVALID_KEY(`The curve is none of ${LIST}: ${FOREIGN_CURVES.get(identifier) ?? identifier}`);
  }
  return curve;
}

const unsupported = (name: string): PublicKeyFacts => ({
  kind: 'unsupported',
  name,
  encrypts: false,
  objections: () => [],
  jwk: () => undefined,
});

/** RFC 5480 §2. */
function readPublicKey({ parameters, bits }: PublicKeyFields): PublicKeyFacts {
  const named = parameters.take();
  if (named.tag !== TAG.objectIdentifier) return unsupported('explicit curve parameters');
  const identifier = readObjectIdentifier(named);
  const curve = curveNames.find((name) => curves[name].oid === identifier && curves[name].certificateSignature);
  if (!curve) return unsupported(`curve ${identifier}`);
  const { bytes } = curves[curve];
  if (bits[0] !== 4 || bits.length !== 1 + 2 * bytes) return unsupported('a compressed point');
  const [x, y] = [bits.subarray(1, 1 + bytes), bits.subarray(1 + bytes)].map((member) => member.toString('base64url'));
  return {
    kind: 'ec',
    name: curve,
    encrypts: false,
    objections: () => [],
    jwk: () => ({ kty: 'EC', crv: curve, x, y }),
  };
}

export const ec = {
  kty: 'EC',
  thumbprintMembers: ['crv', 'kty', 'x', 'y'],
  privateMembers: ['d'],
  symmetric: false,
  keyTypes: ['ec'],
  probeDigest: 'sha256',
  readJwk,
  pkcs8: {
    identifiers: [OID.ecPublicKey],
    read: ({ privateKey, parameters, publicKey }) => readSec1(parseBer(privateKey), parameters.take(), publicKey),
  },
  traditional: { pemLabel: 'EC PRIVATE KEY', read: (node) => readSec1(node) },
  publicKey: {
    names: curveNames.filter((name) => curves[name].certificateSignature),
    identifiers: [OID.ecPublicKey],
    read: readPublicKey,
  },
  publicKeyRules: [],
  objectionsTo: () => [],
  // RFC 3279 §2.2.3, RFC 5758 §3.2
  certificateSignatures: [
    { name: 'ecdsa-with-SHA1', oid: OID.ecdsaWithSha1, digest: 'sha1', parameters: 'absent' },
    {
      name: 'ecdsa-with-SHA256',
      oid: OID.ecdsaWithSha256,
      digest: 'sha256',
      parameters: 'absent',
      algorithm: 'ES256',
    },
    {
      name: 'ecdsa-with-SHA384',
      oid: OID.ecdsaWithSha384,
      digest: 'sha384',
      parameters: 'absent',
      algorithm: 'ES384',
    },
    { name: 'ecdsa-with-SHA512', oid: OID.ecdsaWithSha512, digest: 'sha512', parameters: 'absent' },
  ],
  certificateSignatureOf: ({ asymmetricKeyDetails }) =>
    Object.values(curves).find(({ namedCurve }) => namedCurve === asymmetricKeyDetails?.namedCurve)
      ?.certificateSignature,
  authorityKeys: { 'P-256': { algorithm: 'ES256' }, 'P-384': { algorithm: 'ES384' } },
  holderAlgorithms: ['ES256', 'ES384'],
  ofTrustedIssuers: true,
} as const satisfies KeyKind;
