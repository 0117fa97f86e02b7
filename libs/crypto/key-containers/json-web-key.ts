import type { JsonObject } from '../strict-json.js';
import type { AlgorithmName } from '../algorithms.js';
import { CURVES } from '../algorithms.js';
import { cryptoErrors } from '../errors.js';
import { type Jwk, keyFromJwk } from '../jwk.js';
import { parseStrictJson } from '../strict-json.js';
import type { PrivateKeyParts } from './private-key-parts.js';
import { RSA_NUMBER_NAMES, type RsaNumbers } from './rsa-checks.js';
import { decodeBase64Url, toBigInt } from './text-encodings.js';

/**
 * A private or secret JWK (RFC 7517, RFC 7518 §6, RFC 8037) as JSON text. What it says it is for must agree with the
 * algorithm that it is imported for.
 * @throws INVALID_KEY
 */
export function readJwk(text: string, algorithm: AlgorithmName): PrivateKeyParts {
  const parsed = parseStrictJson(Buffer.from(text));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value)) {
    throw cryptoErrors.INVALID_KEY('It is not a JWK');
  }
  const jwk = parsed.value as JsonObject;
  requirePurpose(jwk, algorithm);
  const read = Object.hasOwn(READERS, String(jwk['kty'])) ? READERS[jwk['kty'] as keyof typeof READERS] : undefined;
  if (!read) throw cryptoErrors.INVALID_KEY('The key type of the JWK is not supported');
  return read(jwk);
}

const READERS = {
  RSA: (jwk: Jwk): PrivateKeyParts => {
    // RFC 7518 §6.3.2 permits `d` alone; nothing could then be checked against it.
    if ('oth' in jwk || RSA_NUMBER_NAMES.some((name) => !(name in jwk))) {
      throw cryptoErrors.INVALID_KEY('An RSA JWK needs n, e, d, p, q, dp, dq and qi, and no further primes');
    }
    const entries = RSA_NUMBER_NAMES.map((name) => [name, toBigInt(decodeBase64Url(jwk[name]))]);
    return { kind: 'rsa', numbers: Object.fromEntries(entries) as unknown as RsaNumbers };
  },
  EC: (jwk: Jwk): PrivateKeyParts => {
    const row = Object.values(CURVES).find(({ curve }) => curve === jwk['crv']);
    if (!row) throw cryptoErrors.INVALID_KEY('The curve is none of P-256, P-384 and P-521');
    const [scalar, x, y] = (['d', 'x', 'y'] as const).map((name) => decodeBase64Url(jwk[name]));
    const bytes = Math.ceil(Number(row.curve.slice(2)) / 8);
    // RFC 7518 §6.2.1.2: each is as long as the field.
    if ([scalar, x, y].some((member) => member!.length !== bytes)) {
      throw cryptoErrors.INVALID_KEY('A member of the JWK is not as long as its curve demands');
    }
    return { kind: 'ec', curve: row.namedCurve, scalar: scalar!, point: Buffer.concat([Buffer.of(4), x!, y!]) };
  },
  OKP: (jwk: Jwk): PrivateKeyParts => {
    if (jwk['crv'] !== 'Ed25519') throw cryptoErrors.INVALID_KEY('The curve is not Ed25519');
    return { kind: 'okp', seed: decodeBase64Url(jwk['d']), publicKey: decodeBase64Url(jwk['x']) };
  },
  AKP: (jwk: Jwk): PrivateKeyParts => {
    const key = keyFromJwk(jwk);
    if (key.type !== 'private') throw cryptoErrors.INVALID_KEY('The JWK holds no private key');
    return { kind: 'akp', key };
  },
  oct: (jwk: Jwk): PrivateKeyParts => ({ kind: 'hmac', bytes: decodeBase64Url(jwk['k']), encoding: 'base64' }),
} as const;

function requirePurpose({ alg, use, key_ops: operations }: Jwk, algorithm: AlgorithmName): void {
  const signs = operations === undefined || (Array.isArray(operations) && operations.includes('sign'));
  if ((alg !== undefined && alg !== algorithm) || (use !== undefined && use !== 'sig') || !signs) {
    throw cryptoErrors.INVALID_KEY(`The JWK says that it is not for signing with ${algorithm}`);
  }
}
