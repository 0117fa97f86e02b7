import { KeyObject, createPublicKey, sign, verify } from 'node:crypto';
import type { AlgorithmRow } from './algorithm.js';
import { cryptoErrors } from './errors.js';
import { mlDsaAlgorithm } from './key-kinds/akp.js';
import { ecAlgorithm } from './key-kinds/ec.js';
import { hmacAlgorithm } from './key-kinds/hmac.js';
import { type AlgorithmKind, kindOfKey } from './key-kinds/index.js';
import { ed25519Algorithm } from './key-kinds/okp.js';
import { rsaAlgorithm } from './key-kinds/rsa.js';

export type Algorithm = AlgorithmRow & { readonly kind: AlgorithmKind };

const table = {
  RS256: rsaAlgorithm('pkcs1', 256),
  RS384: rsaAlgorithm('pkcs1', 384),
  RS512: rsaAlgorithm('pkcs1', 512),
  PS256: rsaAlgorithm('pss', 256),
  PS384: rsaAlgorithm('pss', 384),
  PS512: rsaAlgorithm('pss', 512),
  ES256: ecAlgorithm('P-256', 256),
  ES384: ecAlgorithm('P-384', 384),
  ES512: ecAlgorithm('P-521', 512),
  EdDSA: ed25519Algorithm(),
  HS256: hmacAlgorithm(256),
  HS384: hmacAlgorithm(384),
  HS512: hmacAlgorithm(512),
  'ML-DSA-44': mlDsaAlgorithm(44),
  'ML-DSA-65': mlDsaAlgorithm(65),
  'ML-DSA-87': mlDsaAlgorithm(87),
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
 * altered import would publish a key that verifies nothing, or that of another party.
 */
export function isConsistentPair(privateKey: KeyObject): boolean {
  const probe = Buffer.from('pairwise consistency');
  const digest = kindOfKey(privateKey)?.probeDigest ?? null;
  try {
    return verify(digest, probe, createPublicKey(privateKey), sign(digest, probe, privateKey));
  } catch {
    return false;
  }
}
