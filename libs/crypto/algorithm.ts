import type { KeyObject } from 'node:crypto';

import type { SignatureMistake } from './signature-mistake.js';

export const RSA_MODULUS_BITS = [2048, 3072, 4096] as const;
export type RsaModulusBits = (typeof RSA_MODULUS_BITS)[number];
export const RSA_MODULUS_BITS_DEFAULT: RsaModulusBits = 3072;

export type HashBits = 256 | 384 | 512;

/** How a key store signs: a hash, which is computed here under its name in `node:crypto`, or the message itself. */
export type SignatureScheme =
  | { readonly type: 'rsa-pkcs1' | 'rsa-pss'; readonly hash: `sha${HashBits}` }
  | {
      readonly type: 'ecdsa';
      readonly hash: `sha${HashBits}`;
      /** By its name in JWKs (RFC 7518 §6.2.1.1). */
      readonly curve: string;
      /** Length of R and of S (RFC 7518 §3.4). */
      readonly integerBytes: number;
    }
  | { readonly type: 'eddsa'; readonly hash: null };

/** For a shared secret both members are the same key. */
export interface GeneratedKey {
  readonly signingKey: KeyObject;
  readonly verifyingKey: KeyObject;
}

/** Everything that the product knows about one algorithm. Keys are `KeyObject`s: text never reaches a signature. */
export interface AlgorithmRow {
  /** The name of the key kind, see `key-kinds/index.ts`. */
  readonly kind: string;
  /** One key signs and verifies; it is a secret and has no place in a JWKS. */
  readonly symmetric: boolean;
  readonly title: string;
  readonly reference: string;
  /** Other names of the JOSE registry for the same signatures, accepted where others name the algorithm of a key. */
  readonly aliases: readonly string[];
  /** How key stores sign by it; `undefined` where none does. */
  readonly scheme: SignatureScheme | undefined;
  /** What signers often do wrong, and how it is recognised. */
  readonly mistakes: readonly SignatureMistake[];
  /** Makes a fresh key; the modulus size matters to RSA only. */
  generate(modulusBits?: RsaModulusBits): Promise<GeneratedKey>;
  /** @throws KEY_DOES_NOT_FIT where the key is of another type, curve or parameter set */
  sign(data: Buffer, key: KeyObject): Promise<Buffer> | Buffer;
  /** A wrong, cut or empty signature is `false`. @throws KEY_DOES_NOT_FIT as `sign` does */
  verify(data: Buffer, signature: Buffer, key: KeyObject): Promise<boolean> | boolean;
  /** Estimated processor time of one signature; 0 where it takes microseconds, so that it is made in line. */
  signatureMilliseconds(key: KeyObject): number;
  /** Estimated processor time of generating a key, likewise; the modulus size matters to RSA only. */
  generationMilliseconds(modulusBits?: RsaModulusBits): number;
  /** Whether the key is of the right type, curve or parameter set, however weak it may be. */
  fits(key: KeyObject): boolean;
  /** Whether the key fits and is strong enough for new signatures: what generation gives and import asks for. */
  accepts(key: KeyObject): boolean;
}

type KeyPairCallback = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void;

export function generatePair(start: (callback: KeyPairCallback) => void): Promise<GeneratedKey> {
  return new Promise((resolve, reject) =>
    start((error, publicKey, privateKey) =>
      error ? reject(error) : resolve({ signingKey: privateKey, verifyingKey: publicKey }),
    ),
  );
}

/**
 * Whether two keys are one. `equals` of keys of two types leaves an error in OpenSSL's queue (Node 24), and the next
 * key that the thread reads, for whatever request, is rejected with it.
 */
export const isSameKey = (one: KeyObject, other: KeyObject): boolean =>
  one.type === other.type && one.asymmetricKeyType === other.asymmetricKeyType && one.equals(other);
