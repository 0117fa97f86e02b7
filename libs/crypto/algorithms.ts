import {
  KeyObject,
  constants,
  createHmac,
  createPublicKey,
  generateKey,
  generateKeyPair,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { cryptoErrors } from './errors.js';

/** RSA and RSA-PSS, elliptic curve, octet key pair (RFC 8037), shared secret, algorithm key pair (ML-DSA). */
export type AlgorithmKind = 'rsa' | 'ec' | 'okp' | 'hmac' | 'akp';

export const RSA_MODULUS_BITS = [2048, 3072, 4096] as const;
export type RsaModulusBits = (typeof RSA_MODULUS_BITS)[number];
export const RSA_MODULUS_BITS_DEFAULT: RsaModulusBits = 3072;

/** For a shared secret both members are the same key. */
export interface GeneratedKey {
  readonly signingKey: KeyObject;
  readonly verifyingKey: KeyObject;
}

/** Everything that the product knows about one algorithm. Keys are `KeyObject`s: text never reaches a signature. */
export interface Algorithm {
  readonly kind: AlgorithmKind;
  /** One key signs and verifies; it is a secret and has no place in a JWKS. */
  readonly symmetric: boolean;
  readonly title: string;
  readonly reference: string;
  /** Makes a fresh key; the modulus size matters to RSA only. */
  generate(modulusBits?: RsaModulusBits): Promise<GeneratedKey>;
  /** @throws KEY_DOES_NOT_FIT where the key is of another type, curve or parameter set */
  sign(data: Buffer, key: KeyObject): Promise<Buffer> | Buffer;
  /** A wrong, cut or empty signature is `false`. @throws KEY_DOES_NOT_FIT as `sign` does */
  verify(data: Buffer, signature: Buffer, key: KeyObject): Promise<boolean> | boolean;
  /** Estimated processor time of one signature; 0 where it takes microseconds, so that it is made in line. */
  signatureMilliseconds(key: KeyObject): number;
  /** Estimated processor time of making a key; the modulus size matters to RSA only. */
  generationMilliseconds(modulusBits?: RsaModulusBits): number;
  /** Whether the key is of the right type, curve or parameter set, however weak it may be. */
  fits(key: KeyObject): boolean;
  /** Whether the key fits and is strong enough for new signatures: what generation gives and import asks for. */
  accepts(key: KeyObject): boolean;
}

type HashBits = 256 | 384 | 512;

const signPooled = promisify(sign);
const verifyPooled = promisify(verify);
const generateSecret = promisify(generateKey);

type KeyPairCallback = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void;

function generatePair(start: (callback: KeyPairCallback) => void): Promise<GeneratedKey> {
  return new Promise((resolve, reject) =>
    start((error, publicKey, privateKey) =>
      error ? reject(error) : resolve({ signingKey: privateKey, verifyingKey: publicKey }),
    ),
  );
}

// Legacy peers still send 1024 bits; below that nothing verifies, and above 4096 a single check costs too much.
export const RSA_READABLE_BITS = { min: 1024, max: 4096 } as const;

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

function rsa(padding: 'pkcs1' | 'pss', hashBits: HashBits): Algorithm {
  const digest = `sha${hashBits}`;
  const options =
    padding === 'pkcs1'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hashBits / 8 }; // RFC 7518 §3.5: the salt is as long as the hash
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
    generate: (modulusLength = RSA_MODULUS_BITS_DEFAULT) =>
      generatePair((done) => generateKeyPair('rsa', { modulusLength, publicExponent: 0x10001 }, done)),
    sign: (data, key) => signPooled(digest, data, { key, ...options }),
    signatureMilliseconds: (key) => rsaMilliseconds(key.asymmetricKeyDetails?.modulusLength ?? 0).signature,
    generationMilliseconds: (bits = RSA_MODULUS_BITS_DEFAULT) => rsaMilliseconds(bits).generation,
    verify: (data, signature, key) => verify(digest, data, { key, ...options }, signature), // 30 µs: not worth a thread hop
    fits,
    accepts: (key) => {
      const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
      // FIPS 186-5 §A.1.1: an odd exponent above 2^16.
      return fits(key) && modulusLength >= 2048 && publicExponent > 0x10000n && publicExponent % 2n === 1n;
    },
  };
}

export const CURVES = {
  // OpenSSL is quick on P-256 only (40 µs); the larger curves take up to 2 ms and would stall the event loop.
  256: { namedCurve: 'prime256v1', curve: 'P-256', signatureMilliseconds: 0 },
  384: { namedCurve: 'secp384r1', curve: 'P-384', signatureMilliseconds: 1 },
  512: { namedCurve: 'secp521r1', curve: 'P-521', signatureMilliseconds: 2 },
} as const;

function ec(hashBits: HashBits): Algorithm {
  const { namedCurve, curve, signatureMilliseconds } = CURVES[hashBits];
  const digest = `sha${hashBits}`;
  const options = { dsaEncoding: 'ieee-p1363' } as const; // RFC 7518 §3.4: R and S side by side, not DER
  const inline = signatureMilliseconds === 0;
  const fits = (key: KeyObject): boolean =>
    key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === namedCurve;
  return {
    kind: 'ec',
    symmetric: false,
    title: `ECDSA on ${curve} with SHA-${hashBits}`,
    reference: 'RFC 7518 §3.4',
    generate: () => generatePair((done) => generateKeyPair('ec', { namedCurve }, done)),
    sign: (data, key) => (inline ? sign : signPooled)(digest, data, { key, ...options }),
    verify: (data, signature, key) => (inline ? verify : verifyPooled)(digest, data, { key, ...options }, signature),
    signatureMilliseconds: () => signatureMilliseconds,
    generationMilliseconds: () => Math.max(1, signatureMilliseconds),
    fits,
    accepts: fits,
  };
}

function ed25519(): Algorithm {
  const fits = (key: KeyObject): boolean => key.asymmetricKeyType === 'ed25519';
  return {
    kind: 'okp',
    symmetric: false,
    title: 'EdDSA on Ed25519',
    reference: 'RFC 8037 §3.1',
    generate: () => generatePair((done) => generateKeyPair('ed25519', undefined, done)),
    sign: (data, key) => sign(null, data, key),
    verify: (data, signature, key) => verify(null, data, key, signature),
    signatureMilliseconds: () => 0,
    generationMilliseconds: () => 1,
    fits,
    accepts: fits,
  };
}

// A longer secret than any hash's block adds nothing and costs on every signature.
const HMAC_LONGEST_BYTES = 512;

function hmac(hashBits: HashBits): Algorithm {
  const digest = `sha${hashBits}`;
  const compute = (data: Buffer, key: KeyObject): Buffer => createHmac(digest, key).update(data).digest();
  const fits = (key: KeyObject): boolean => {
    const bytes = key.symmetricKeySize ?? 0;
    return key.type === 'secret' && bytes > 0 && bytes <= HMAC_LONGEST_BYTES;
  };
  return {
    kind: 'hmac',
    symmetric: true,
    title: `HMAC with SHA-${hashBits}`,
    reference: 'RFC 7518 §3.2',
    generate: async () => {
      const key = await generateSecret('hmac', { length: hashBits });
      return { signingKey: key, verifyingKey: key };
    },
    sign: compute,
    verify: (data, signature, key) => {
      const expected = compute(data, key);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
    signatureMilliseconds: () => 0,
    generationMilliseconds: () => 1,
    fits,
    // RFC 7518 §3.2: "a key of the same size as the hash output or larger MUST be used".
    accepts: (key) => fits(key) && (key.symmetricKeySize ?? 0) >= hashBits / 8,
  };
}

function mlDsa(parameterSet: 44 | 65 | 87): Algorithm {
  const type = `ml-dsa-${parameterSet}` as const;
  const fits = (key: KeyObject): boolean => key.asymmetricKeyType === type;
  return {
    kind: 'akp',
    symmetric: false,
    title: `ML-DSA-${parameterSet}`,
    reference: 'FIPS 204, draft-ietf-cose-dilithium',
    generate: () => generatePair((done) => generateKeyPair(type, undefined, done)),
    sign: (data, key) => signPooled(null, data, key),
    verify: (data, signature, key) => verifyPooled(null, data, key, signature),
    signatureMilliseconds: () => 1,
    generationMilliseconds: () => 1,
    fits,
    accepts: fits,
  };
}

const table = {
  RS256: rsa('pkcs1', 256),
  RS384: rsa('pkcs1', 384),
  RS512: rsa('pkcs1', 512),
  PS256: rsa('pss', 256),
  PS384: rsa('pss', 384),
  PS512: rsa('pss', 512),
  ES256: ec(256),
  ES384: ec(384),
  ES512: ec(512),
  EdDSA: ed25519(),
  HS256: hmac(256),
  HS384: hmac(384),
  HS512: hmac(512),
  'ML-DSA-44': mlDsa(44),
  'ML-DSA-65': mlDsa(65),
  'ML-DSA-87': mlDsa(87),
} as const satisfies Record<string, Algorithm>;

/** A name of the JOSE registry (`alg` of RFC 7515 §4.1.1) that this product implements. */
export type AlgorithmName = keyof typeof table;

export const algorithmNames = Object.keys(table) as AlgorithmName[];

/**
 * Every algorithm by its JOSE name. Adding one is adding one row to `table`: the OpenAPI enum, the docs, JWKs and the
 * test matrix follow. Each row is guarded against algorithm confusion (RFC 8725 §3.1): a key that does not fit throws.
 */
export const algorithms = Object.fromEntries(
  algorithmNames.map((name) => [name, guarded(name, table[name])]),
) as Readonly<Record<AlgorithmName, Algorithm>>;

function guarded(name: AlgorithmName, row: Algorithm): Algorithm {
  const requireFit = (key: KeyObject): void => {
    if (!(key instanceof KeyObject) || !row.fits(key))
      throw cryptoErrors.KEY_DOES_NOT_FIT(`The key is not one for ${name}`);
  };
  return {
    ...row,
    sign(data, key) {
      requireFit(key);
      return row.sign(data, key);
    },
    verify(data, signature, key) {
      requireFit(key);
      return row.verify(data, signature, key);
    },
  };
}

export const algorithm = (name: AlgorithmName): Algorithm => algorithms[name];

/** Exact and case-sensitive (RFC 7515 §4.1.1): `none`, `hs256` and `constructor` are no algorithms. */
export const isAlgorithmName = (text: string): text is AlgorithmName => Object.hasOwn(algorithms, text);

/** Estimated processor time of a signature with a key, whatever it signs; 0 where it is made in line. */
export const signatureMilliseconds = (key: KeyObject): number =>
  Object.values(algorithms)
    .find((row) => row.fits(key))
    ?.signatureMilliseconds(key) ?? 0;

/** The key that verifies what `signingKey` signs: the public half, or the shared secret itself. */
export const verifyingKeyOf = (signingKey: KeyObject): KeyObject =>
  signingKey.type === 'private' ? createPublicKey(signingKey) : signingKey;

/**
 * Whether the public half stored with a private key is really its own. OpenSSL does not check that for EC and RSA: an
 * altered import would publish a key that verifies nothing, or somebody else's.
 */
export function isConsistentPair(privateKey: KeyObject): boolean {
  const probe = Buffer.from('pairwise consistency');
  const digest = ['rsa', 'ec'].includes(privateKey.asymmetricKeyType ?? '') ? 'sha256' : null;
  try {
    return verify(digest, probe, createPublicKey(privateKey), sign(digest, probe, privateKey));
  } catch {
    return false;
  }
}
