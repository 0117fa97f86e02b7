import type { KeyObject } from 'node:crypto';

import { type AlgorithmName, algorithm, verifyingKeyOf } from './algorithms.js';
import { cryptoErrors } from './errors.js';
import { hasPrivateMembers, keyFromJwk } from './jwk.js';
import { keyFileErrors } from './key-kinds/errors.js';
import { allKeyKinds, kindOfKey } from './key-kinds/index.js';
import type { Jwk, UncheckedKey } from './key-kinds/key-kind.js';
import { type JsonObject, parseStrictJson } from './strict-json.js';

/** A key that may be stored. */
export interface CheckedKey {
  /** Private key or shared secret. */
  readonly signingKey: KeyObject;
  /** Below what generation gives, but tolerated: RSA of 1024 to 2047 bits, a secret shorter than its hash. */
  readonly weak: boolean;
}

const PROBE = Buffer.from('a key that was imported signs this, and its public half verifies it');

/**
 * The gate of every private key and secret from outside that is to sign: accepted only after arithmetic and a signature.
 * @throws INVALID_KEY also for a key of another algorithm; WEAK_KEY, INCONSISTENT_KEY
 */
export async function checkKey(unchecked: UncheckedKey, name: AlgorithmName): Promise<CheckedKey> {
  const row = algorithm(name);
  const { algorithms: permitted } = unchecked;
  if (row.kind !== unchecked.kind) throw notFor(name);
  if (permitted && !permitted.includes(name)) {
    throw cryptoErrors.INVALID_KEY(`The file permits the key for ${permitted.join(', ')} only`);
  }
  const signingKey = await unchecked.check();
  if (!row.fits(signingKey)) throw notFor(name);
  const verified = await row.verify(PROBE, await row.sign(PROBE, signingKey), verifyingKeyOf(signingKey));
  if (!verified) throw keyFileErrors.INCONSISTENT_KEY('What the key signs does not verify');
  return { signingKey, weak: !row.accepts(signingKey) };
}

const notFor = (name: AlgorithmName): Error => cryptoErrors.INVALID_KEY(`The key is not one for ${name}`);

/**
 * The gate of public keys with which signatures of somebody else will be accepted here.
 * @throws INVALID_KEY for what is no public key, WEAK_KEY for one with which others can sign, too
 */
export function readTrustedKey(jwk: Jwk): KeyObject {
  const key = keyFromJwk(jwk);
  if (key.type !== 'public') throw cryptoErrors.INVALID_KEY('Only a public key is trusted');
  const [objection] = kindOfKey(key)?.objectionsTo(key.export({ format: 'jwk' }) as Jwk) ?? [];
  if (objection) throw keyFileErrors.WEAK_KEY(objection.detail);
  return key;
}

/**
 * A private or secret JWK (RFC 7517, RFC 7518 §6, RFC 8037) as JSON text. What it says it is for must agree with the
 * algorithm that it is imported for.
 * @throws INVALID_KEY
 */
export function readJwk(text: string, name: AlgorithmName): UncheckedKey {
  const parsed = parseStrictJson(Buffer.from(text));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value)) {
    throw cryptoErrors.INVALID_KEY(ENCRYPTED_JWK.test(text) ? 'The JWK is encrypted (RFC 7517 §7)' : 'It is not a JWK');
  }
  const jwk = parsed.value as JsonObject;
  if (Array.isArray(jwk['keys'])) throw cryptoErrors.INVALID_KEY('It is a set of keys; import one JWK of it');
  requirePurpose(jwk, name);
  const kind = allKeyKinds.find(({ kty }) => kty === jwk['kty']);
  if (!kind) throw cryptoErrors.INVALID_KEY('The key type of the JWK is not supported');
  if (!kind.symmetric && !hasPrivateMembers(jwk)) {
    throw cryptoErrors.INVALID_KEY('The JWK holds no private key');
  }
  return kind.readJwk(jwk);
}

/** A JWE in its compact form (RFC 7516 §7.1). */
const ENCRYPTED_JWK = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$/;

function requirePurpose({ alg, use, key_ops: operations }: Jwk, name: AlgorithmName): void {
  const signs = operations === undefined || (Array.isArray(operations) && operations.includes('sign'));
  const isForAlgorithm = alg === undefined || [name, ...algorithm(name).aliases].includes(String(alg));
  if (!isForAlgorithm || (use !== undefined && use !== 'sig') || !signs) {
    throw cryptoErrors.INVALID_KEY(`The JWK says that it is not for signing with ${name}`);
  }
}
