import { type KeyObject, constants, createHash, createPrivateKey, generateKeyPair, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import {
  DerError,
  DerFields,
  type DerNode,
  OID,
  TAG,
  onlyChild,
  parseBer,
  parseDer,
  readInteger,
  readObjectIdentifier,
} from '#asn1';
import {
  type AlgorithmRow,
  type HashBits,
  RSA_MODULUS_BITS,
  RSA_MODULUS_BITS_DEFAULT,
  type RsaModulusBits,
  generatePair,
} from '../algorithm.js';
import { decodeBase64Url, fromBigInt, toBigInt } from '../encodings.js';
import { cryptoErrors } from '../errors.js';
import { HASHES, type SignatureMistake, type Signed, holds } from '../signature-mistake.js';
import { keyFileErrors } from './errors.js';
import type { Jwk, KeyKind, Pkcs8Fields, PublicKeyFacts, PublicKeyFields, UncheckedKey } from './key-kind.js';
import {
  RSA_CERTIFIED_LIMITS,
  RSA_NUMBER_NAMES,
  RSA_READABLE_BITS,
  type RsaNumbers,
  bitLength,
  checkRsaNumbers,
  objectionsToRsa,
  rsaPublicKeyRules,
} from './rsa-numbers.js';

const signPooled = promisify(sign);

/** Estimates by modulus size; how they compare matters more than what they are on one machine. */
const RSA_MILLISECONDS: Readonly<Record<RsaModulusBits, { readonly signature: number; readonly generation: number }>> =
  {
    2048: { signature: 1, generation: 100 },
    3072: { signature: 3, generation: 300 },
    4096: { signature: 6, generation: 1_000 },
  };

/** The row for the next size that is not smaller: imported keys may have a size that is never generated. */
function rsaMilliseconds(bits: number): { readonly signature: number; readonly generation: number } {
  return RSA_MILLISECONDS[RSA_MODULUS_BITS.find((size) => size >= bits) ?? 4096];
}

/** RSASSA (RFC 7518 §3.3, §3.5). */
export function rsaAlgorithm(padding: 'pkcs1' | 'pss', hashBits: HashBits): AlgorithmRow & { readonly kind: 'rsa' } {
  const digest = `sha${hashBits}` as const;
  // RFC 7518 §3.5: the salt is as long as the hash.
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hashBits / 8 };
  // PKCS#1 v1.5 is what a key of this type has without options. With some, Node takes 10 µs to find out that they are no key.
  const withPadding = (key: KeyObject) => (padding === 'pkcs1' ? key : { key, ...pss });
  // RFC 8017 §9.1.1: emLen >= hLen + sLen + 2, and emLen is counted from one bit less than the modulus.
  const smallestBits = padding === 'pkcs1' ? RSA_READABLE_BITS.min : Math.max(RSA_READABLE_BITS.min, 2 * hashBits + 10);
  const fits = (key: KeyObject): boolean => {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= smallestBits && bits <= RSA_READABLE_BITS.max;
  };
  return {
    kind: 'rsa',
    symmetric: false,
    title: `${padding === 'pkcs1' ? 'RSASSA-PKCS1-v1_5' : 'RSASSA-PSS'} with SHA-${hashBits}`,
    reference: padding === 'pkcs1' ? 'RFC 7518 §3.3' : 'RFC 7518 §3.5',
    aliases: [],
    scheme: { type: `rsa-${padding}`, hash: digest },
    mistakes: mistakes(padding, digest),
    generate: (modulusLength = RSA_MODULUS_BITS_DEFAULT) =>
      generatePair((done) => generateKeyPair('rsa', { modulusLength, publicExponent: 0x10001 }, done)),
    sign: (data, key) => signPooled(digest, data, withPadding(key)),
    verify: (data, signature, key) => verify(digest, data, withPadding(key), signature), // 20 µs: not worth a thread hop
    signatureMilliseconds: (key) => rsaMilliseconds(key.asymmetricKeyDetails?.modulusLength ?? 0).signature,
    generationMilliseconds: (bits = RSA_MODULUS_BITS_DEFAULT) => rsaMilliseconds(bits).generation,
    fits,
    accepts: (key) => {
      const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
      // FIPS 186-5 §A.1.1: an odd exponent above 2^16.
      return fits(key) && modulusLength >= 2048 && publicExponent > 0x10000n && publicExponent % 2n === 1n;
    },
  };
}

const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

function mistakes(padding: 'pkcs1' | 'pss', hash: string): SignatureMistake[] {
  const isPss = padding === 'pss';
  const [expected, other] = isPss ? [PSS, PKCS1] : [PKCS1, PSS];
  const digest = (data: Buffer): Buffer => createHash(hash).update(data).digest();
  return [
    {
      cause: isPss ? 'PKCS1_INSTEAD_OF_PSS' : 'PSS_INSTEAD_OF_PKCS1',
      detail: isPss
        ? 'The signature has PKCS#1 v1.5 padding; RSASSA-PSS is expected'
        : 'The signature has PSS padding; RSASSA-PKCS1-v1_5 is expected',
      explains: (signed, key) => HASHES.some((tried) => holds(tried, signed, { key, ...other })),
    },
    ...HASHES.filter((tried) => tried !== hash).map((tried) => ({
      cause: 'WRONG_HASH',
      detail: `The signature was made with ${tried.toUpperCase()}; ${hash.toUpperCase()} is expected`,
      explains: (signed: Signed, key: KeyObject) => holds(tried, signed, { key, ...expected }),
    })),
    {
      cause: 'HASHED_TWICE',
      detail: 'The hash was signed as if it were the data: hand the data itself to the signing function',
      explains: ({ data, signature }, key) =>
        [digest(data), Buffer.from(digest(data).toString('hex'))].some((hashed) =>
          holds(hash, { data: hashed, signature }, { key, ...expected }),
        ),
    },
    {
      cause: 'REVERSED_SIGNATURE',
      detail: 'The bytes of the signature are in reverse order, as some Windows interfaces give them',
      explains: ({ data, signature }, key) =>
        holds(hash, { data, signature: Buffer.from(signature).reverse() }, { key, ...expected }),
    },
  ];
}

/**
 * A private key of these numbers (RFC 8017 §3.2), in whatever form they came.
 * @param stated the public half, where the file states it apart
 */
export const rsaKey = (numbers: RsaNumbers, stated?: Pick<RsaNumbers, 'n' | 'e'>): UncheckedKey => ({
  kind: 'rsa',
  modulusBits: bitLength(numbers.n),
  async check() {
    if (stated && (stated.n !== numbers.n || stated.e !== numbers.e)) {
      throw keyFileErrors.INCONSISTENT_KEY('The public half that the file states is not that of its private key');
    }
    await checkRsaNumbers(numbers);
    const members = RSA_NUMBER_NAMES.map((name) => [name, fromBigInt(numbers[name]).toString('base64url')]);
    try {
      return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(members) }, format: 'jwk' });
    } catch {
      // OpenSSL has limits of its own; its messages may quote what it read.
      throw cryptoErrors.INVALID_KEY();
    }
  },
});

/** The numbers of an RSA key: all of a private one, `n` and `e` of a public one. */
export function rsaNumbersOf(key: KeyObject): Pick<RsaNumbers, 'n' | 'e'> & Partial<RsaNumbers> {
  const jwk = key.export({ format: 'jwk' }) as Jwk;
  const present = RSA_NUMBER_NAMES.filter((name) => name in jwk);
  return Object.fromEntries(
    present.map((name) => [name, toBigInt(decodeBase64Url(jwk[name]))]),
  ) as unknown as RsaNumbers;
}

function readJwk(jwk: Jwk): UncheckedKey {
  // RFC 7518 §6.3.2 permits `d` alone; nothing could then be checked against it.
  if ('oth' in jwk || RSA_NUMBER_NAMES.some((name) => !(name in jwk))) {
    throw cryptoErrors.INVALID_KEY('An RSA JWK needs n, e, d, p, q, dp, dq and qi, and no further primes');
  }
  const entries = RSA_NUMBER_NAMES.map((name) => [name, toBigInt(decodeBase64Url(jwk[name]))]);
  return rsaKey(Object.fromEntries(entries) as unknown as RsaNumbers);
}

/** `RSAPrivateKey` of PKCS#1 (RFC 8017 appendix A.1.2). */
function readPkcs1(node: DerNode, stated?: Pick<RsaNumbers, 'n' | 'e'>): UncheckedKey {
  const fields = DerFields.of(node);
  if (readInteger(fields.take()) !== 0n) throw cryptoErrors.INVALID_KEY('It is not an RSA private key with two primes');
  const numbers = RSA_NUMBER_NAMES.map((name) => [name, readPositive(fields.take())]);
  fields.end();
  return rsaKey(Object.fromEntries(numbers) as unknown as RsaNumbers, stated);
}

function readPositive(node: DerNode): bigint {
  const number = readInteger(node);
  if (number < 0n) throw new DerError('The numbers of an RSA key are positive');
  return number;
}

/**
 * PKCS#8. A key of the type id-RSASSA-PSS (RFC 4055 §3.1) signs with PSS only; its parameters, where it has any, name the one
 * hash, the same for the mask, and the shortest salt. JOSE has the salt as long as the hash (RFC 7518 §3.5).
 */
function readPkcs8({ identifier, parameters, privateKey, publicKey }: Pkcs8Fields): UncheckedKey {
  const key = readPkcs1(parseBer(privateKey), publicKey && readPublicNumbers(publicKey));
  if (identifier !== OID.rsaPss) return key;
  const restriction = parameters.optional(TAG.sequence);
  const algorithms = restriction ? algorithmsOfPss(DerFields.of(restriction)) : Object.values(PSS_ALGORITHMS);
  if (algorithms.length > 0) return { ...key, algorithms };
  throw cryptoErrors.INVALID_KEY('The parameters of the RSASSA-PSS key are those of none of PS256, PS384 and PS512');
}

const PSS_ALGORITHMS: Readonly<Record<string, string>> = {
  [OID.sha256]: 'PS256',
  [OID.sha384]: 'PS384',
  [OID.sha512]: 'PS512',
};

/** `RSASSA-PSS-params` (RFC 4055 §3.1); each default is one of SHA-1 or a salt of 20 bytes. @throws DerError */
function algorithmsOfPss(fields: DerFields): string[] {
  const [hash, mask, salt, trailer] = [0xa0, 0xa1, 0xa2, 0xa3].map((tag) => fields.optional(tag));
  fields.end();
  const maskFields = mask && DerFields.of(onlyChild(mask));
  const isMaskOfJose = maskFields !== undefined && readObjectIdentifier(maskFields.take()) === OID.maskGeneration1;
  const maskHash = isMaskOfJose ? readObjectIdentifier(DerFields.of(maskFields.take()).take()) : undefined;
  const hashIdentifier = hash && readObjectIdentifier(DerFields.of(onlyChild(hash)).take());
  const saltBytes = salt ? readInteger(onlyChild(salt)) : 20n;
  const name = hashIdentifier === undefined ? undefined : PSS_ALGORITHMS[hashIdentifier];
  if (name === undefined || maskHash !== hashIdentifier) return [];
  if (trailer && readInteger(onlyChild(trailer)) !== 1n) return [];
  return saltBytes >= 0n && saltBytes <= BigInt(Number(name.slice(2)) / 8) ? [name] : [];
}

/** `RSAPublicKey` (RFC 8017 appendix A.1.1). @throws DerError */
function readPublicNumbers(bits: Buffer): Pick<RsaNumbers, 'n' | 'e'> {
  const fields = DerFields.of(parseDer(bits));
  const [n, e] = [readInteger(fields.take()), readInteger(fields.take())];
  fields.end();
  return { n, e };
}

/** RFC 3279 §2.3.1. */
function readPublicKey({ parameters, bits }: PublicKeyFields): PublicKeyFacts {
  if (parameters.take(TAG.null).content.length > 0) throw new DerError('NULL has no content');
  parameters.end();
  const { n, e } = readPublicNumbers(bits);
  if (n <= 0n || e <= 0n) throw new DerError('The numbers of an RSA key are positive');
  return {
    kind: 'rsa',
    name: `RSA-${bitLength(n)}`,
    encrypts: true,
    objections: () => objectionsToRsa({ n, e }, RSA_CERTIFIED_LIMITS),
    // A verification costs in proportion to the exponent's length.
    jwk: () =>
      bitLength(n) > RSA_READABLE_BITS.max || bitLength(e) > RSA_CERTIFIED_LIMITS.exponentBitsMax
        ? undefined
        : { kty: 'RSA', n: fromBigInt(n).toString('base64url'), e: fromBigInt(e).toString('base64url') },
  };
}

export const rsa = {
  kty: 'RSA',
  thumbprintMembers: ['e', 'kty', 'n'],
  privateMembers: ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'],
  symmetric: false,
  keyTypes: ['rsa'],
  probeDigest: 'sha256',
  readJwk,
  pkcs8: { identifiers: [OID.rsaEncryption, OID.rsaPss], read: readPkcs8 },
  traditional: { pemLabel: 'RSA PRIVATE KEY', read: (node) => readPkcs1(node) },
  publicKey: { names: ['RSA'], identifiers: [OID.rsaEncryption], read: readPublicKey },
  publicKeyRules: rsaPublicKeyRules,
  objectionsTo: ({ n, e }) =>
    objectionsToRsa({ n: toBigInt(decodeBase64Url(n)), e: toBigInt(decodeBase64Url(e)) }, RSA_CERTIFIED_LIMITS),
  // RFC 3279 §2.2.1, RFC 4055 §5
  certificateSignatures: [
    { name: 'md5WithRSAEncryption', oid: OID.md5WithRsa, digest: 'md5', parameters: 'null' },
    { name: 'sha1WithRSAEncryption', oid: OID.sha1WithRsa, digest: 'sha1', parameters: 'null' },
    {
      name: 'sha256WithRSAEncryption',
      oid: OID.sha256WithRsa,
      digest: 'sha256',
      parameters: 'null',
      algorithm: 'RS256',
    },
    { name: 'sha384WithRSAEncryption', oid: OID.sha384WithRsa, digest: 'sha384', parameters: 'null' },
    { name: 'sha512WithRSAEncryption', oid: OID.sha512WithRsa, digest: 'sha512', parameters: 'null' },
  ],
  certificateSignatureOf: () => OID.sha256WithRsa,
  authorityKeys: {
    'RSA-2048': { algorithm: 'RS256', modulusBits: 2048 },
    'RSA-3072': { algorithm: 'RS256', modulusBits: 3072 },
    'RSA-4096': { algorithm: 'RS256', modulusBits: 4096 },
  },
  holderAlgorithms: ['RS256'],
  ofTrustedIssuers: true,
} as const satisfies KeyKind;
