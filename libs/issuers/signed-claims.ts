import {
  type CompactVerifyResult,
  type JSONWebKeySet,
  type JWK,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
} from 'jose';

import type { Json } from '#core';
import { type Jwk, algorithms, keyKinds, parseStrictJson, readTrustedKey } from '#crypto';

export type Claims = { readonly [name: string]: Json };

/** Where the keys of an issuer come from. */
export interface KeySource {
  read(): Promise<JSONWebKeySet>;
  /** The keys as they are now, where they can change. */
  readAgain?(): Promise<JSONWebKeySet>;
}

const TOKEN_CHARACTERS_MAX = 16_384;
/** Keys of a set. */
const KEYS_MAX = 100;
/** Keys of a set that one token can mean: to check each of them costs the thread of the server about a millisecond. */
const CANDIDATES_MAX = 10;
/** OpenID Connect Core 1.0 §3.1.3.7: signed by the issuer's own key; a shared secret would let its other holders sign. */
const ALGORITHMS = Object.entries(algorithms)
  .filter(([, { kind }]) => keyKinds[kind].ofTrustedIssuers)
  .flatMap(([name, { aliases }]) => [name, ...aliases]);

/**
 * What a token says of itself; good for looking up whom to ask about it, and for nothing else.
 * @returns `undefined` for what is no token, is longer than 16,384 characters, or names no issuer
 */
export function readUnproven(token: string): (Claims & { readonly iss: string }) | undefined {
  if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
  try {
    const claims = decodeJwt(token) as Claims;
    const { iss } = claims;
    return typeof iss === 'string' && iss !== '' ? { ...claims, iss } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The claims of a token with a valid signature, parsed strictly from the signed bytes: duplicate members are rejected. The
 * keys are read once again where none of them is the one that the token names.
 * @returns `undefined` where no key of the source signed it, and where more than 10 keys are named alike
 * @throws whatever the source throws
 */
export async function provenClaims(token: string, source: KeySource): Promise<Claims | undefined> {
  const keySet = await source.read();
  let verified = await verifySignature(token, keySet);
  if (verified === 'UNKNOWN_KEY' && source.readAgain) {
    const presentSet = await source.readAgain();
    if (presentSet !== keySet) verified = await verifySignature(token, presentSet);
  }
  const parsed = typeof verified === 'object' ? parseStrictJson(verified.payload) : undefined;
  return parsed?.ok ? (parsed.value as Claims) : undefined;
}

/** What the token says where its signature is that of one of the keys, or that it names none of them. */
async function verifySignature(
  token: string,
  keySet: JSONWebKeySet,
): Promise<CompactVerifyResult | 'UNKNOWN_KEY' | undefined> {
  try {
    const candidates = candidatesOf(token, keySet);
    if (candidates.length > CANDIDATES_MAX) return undefined;
    const trustworthy = createLocalJWKSet({ keys: candidates.filter(isTrustworthy) });
    const verified = await compactVerify(token, trustworthy, { algorithms: ALGORITHMS });
    // An extension that must be understood: none is (RFC 7515 §4.1.11), `b64` included, which the library knows.
    return verified.protectedHeader.crit === undefined ? verified : undefined;
  } catch (error) {
    return error instanceof errors.JWKSNoMatchingKey ? 'UNKNOWN_KEY' : undefined;
  }
}

/** The keys that the header of the token can mean; the library chooses among them. */
function candidatesOf(token: string, { keys }: JSONWebKeySet): readonly JWK[] {
  const header = decodeProtectedHeader(token);
  return keys.filter(
    ({ kid, alg }) => (header.kid === undefined || header.kid === kid) && (alg === undefined || alg === header.alg),
  );
}

/** What was found out about the keys of sets that are kept: they are the same objects for many tokens. */
const checked = new WeakMap<JWK, boolean>();

/** Whether the key is asymmetric and strong enough that only the issuer can sign with it. */
function isTrustworthy(jwk: JWK): boolean {
  let trustworthy = checked.get(jwk);
  if (trustworthy === undefined) checked.set(jwk, (trustworthy = passesGate(jwk)));
  return trustworthy;
}

function passesGate(jwk: JWK): boolean {
  try {
    readTrustedKey(jwk as Jwk);
    return true;
  } catch {
    return false;
  }
}

/** Whether a document is a key set (RFC 7517 §5) of at most 100 keys. */
export const isKeySet = (value: unknown): value is JSONWebKeySet => {
  const { keys } = (value ?? {}) as { keys?: unknown };
  const isBounded = Array.isArray(keys) && keys.length <= KEYS_MAX;
  return isBounded && keys.every((key) => typeof key === 'object' && key !== null);
};
