import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
} from 'node:crypto';
import { type Json, canonicalJson } from '#core';
import { isSameKey } from './algorithm.js';
import { type AlgorithmName, isConsistentPair, verifyingKeyOf } from './algorithms.js';
import { cryptoErrors } from './errors.js';
import type { Jwk } from './key-kinds/key-kind.js';
import { allKeyKinds } from './key-kinds/index.js';

const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(allKeyKinds.flatMap(({ privateMembers }) => privateMembers));

/** Whether a JWK states a member of a private or secret key of any type. Such a JWK must not pass as a public key. */
export const hasPrivateMembers = (jwk: Jwk): boolean => Object.keys(jwk).some((name) => PRIVATE_MEMBERS.has(name));

/** An entry of a JWKS: the public members of the key, and what it is for. */
export interface PublicJwk extends Jwk {
  readonly kty: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: AlgorithmName;
}

/**
 * The public half of a key as a JWKS entry.
 *
 * @throws KEY_DOES_NOT_FIT for a shared secret, which must never be published
 */
export function publicJwk(key: KeyObject, { kid, alg }: { kid: string; alg: AlgorithmName }): PublicJwk {
  if (key.type === 'secret') throw cryptoErrors.KEY_DOES_NOT_FIT('A shared secret has no public key');
  const { kty, ...members } = verifyingKeyOf(key).export({ format: 'jwk' });
  if (kty === undefined) throw cryptoErrors.KEY_DOES_NOT_FIT('The key has no JWK form');
  return { kty, kid, use: 'sig', ...members, alg };
}

/**
 * The SHA-256 thumbprint of RFC 7638, base64url. Members that do not identify the key (kid, use, private parts) are
 * ignored, so a key and its public half share it.
 *
 * @throws INVALID_KEY for an unknown key type or a missing member
 */
export function jwkThumbprint(jwk: Jwk): string {
  const names = allKeyKinds.find(({ kty }) => kty === jwk['kty'])?.thumbprintMembers ?? [];
  const identifying = Object.fromEntries(names.map((name) => [name, jwk[name]]));
  if (names.length === 0 || Object.values(identifying).some((value) => typeof value !== 'string')) {
    throw cryptoErrors.INVALID_KEY('The JWK lacks the members that identify a key of its type');
  }
  return createHash('sha256')
    .update(canonicalJson(identifying as Record<string, Json>))
    .digest('base64url');
}

/**
 * Reads a JWK as a private, public or secret key, as its members say. Whether it suits an algorithm is asked of
 * `Algorithm.accepts`.
 *
 * @throws INVALID_KEY for what is no key, and for a private key whose public members belong to another one
 */
export function keyFromJwk(jwk: Jwk): KeyObject {
  if (jwk['kty'] === 'oct') return secretFromJwk(jwk);
  try {
    // Read apart: from a private Ed25519 or ML-DSA JWK OpenSSL derives the public half and ignores the one that is stated.
    const publicMembers = Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE_MEMBERS.has(name)));
    const publicKey = createPublicKey({ key: publicMembers as JsonWebKey, format: 'jwk' });
    if (!hasPrivateMembers(jwk)) return publicKey;
    const privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if (isSameKey(verifyingKeyOf(privateKey), publicKey) && isConsistentPair(privateKey)) return privateKey;
  } catch {
    throw cryptoErrors.INVALID_KEY('The JWK is not a key that can be read');
  }
  throw cryptoErrors.INVALID_KEY('The public and the private members of the JWK are not of one key');
}

function secretFromJwk({ k }: Jwk): KeyObject {
  const bytes = typeof k === 'string' ? Buffer.from(k, 'base64url') : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.toString('base64url') !== k) {
    throw cryptoErrors.INVALID_KEY('The member k of the JWK is not base64url');
  }
  return createSecretKey(bytes);
}
