import { type JWTPayload, createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';

import { choices } from '../openapi.js';
import { KeysUnavailable, type TokenRefusalCode, TokenRefused } from './token-refused.js';

export interface TokenVerifierOptions {
  /** The `iss` of the tokens: of a tenant of Chancery, `https://chancery.example/v1/tenants/<id>`, or what the profile says. */
  readonly issuer: string;
  /** The `aud` of the tokens: one of these must be in it. */
  readonly audience: string | readonly string[];
  /** Where the public keys are; `<issuer>/.well-known/jwks.json` by default. Https, but for the machine itself. */
  readonly jwksUrl?: string;
  /** The accepted `alg`, asymmetric ones only; all that Chancery signs with by default. */
  readonly algorithms?: readonly string[];
  /** By how much the clocks may differ; 5 by default. */
  readonly clockToleranceSeconds?: number;
  /** How long the keys are used before they are read again; 300 by default, which is what their staged rotation allows. */
  readonly keysMaxAgeSeconds?: number;
  /** How long after they were read the keys are not read again because of an unknown `kid`; 30 by default. */
  readonly keysRereadSeconds?: number;
  /** Reads the keys; the global `fetch` by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The present instant; that of the machine by default. */
  readonly now?: () => Date;
}

/** The claims of a token that was accepted (RFC 7519 §4). */
export type VerifiedToken = Readonly<JWTPayload> & { readonly exp: number };

/** @throws TokenRefused, KeysUnavailable */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** A shared secret instead of a public key is the oldest attack on verifiers (RFC 8725 §2.1). */
const isAsymmetric = (algorithm: string): boolean => !algorithm.startsWith('HS') && algorithm !== 'none';
const ALGORITHMS: readonly string[] = choices.NewKey.algorithm.filter(isAsymmetric);

/** Longer ones are rejected before they are decoded: no header of a request is longer, either. */
const TOKEN_CHARACTERS_MAX = 16_384;

/**
 * Verifies tokens that were signed by keys of a tenant, with its public keys alone (RFC 7517): issuer, audience,
 * algorithm and times. The keys are kept, and read once more for an unknown `kid`; requests at the same time share one reading.
 *
 * @throws TypeError where an option permits more than it should
 */
export function tokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, algorithms = ALGORITHMS, now } = options;
  const accepted = { issuer, audience: typeof audience === 'string' ? audience : [...audience] };
  if (audience.length === 0 || issuer === '') throw new TypeError('issuer and audience must not be empty');
  if (algorithms.length === 0 || !algorithms.every(isAsymmetric)) {
    throw new TypeError('algorithms must be asymmetric ones');
  }
  const url = new URL(options.jwksUrl ?? `${issuer}/.well-known/jwks.json`);
  if (!isProtected(url)) throw new TypeError('jwksUrl must be https: who changes the keys on the way signs tokens');
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: (options.keysMaxAgeSeconds ?? 300) * 1_000,
    cooldownDuration: (options.keysRereadSeconds ?? 30) * 1_000,
    ...(options.fetch === undefined ? {} : { [customFetch]: options.fetch }),
  });
  return async (token) => {
    if (token.length > TOKEN_CHARACTERS_MAX) throw new TokenRefused('MALFORMED_TOKEN', 'The token is too long');
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...accepted,
        algorithms: [...algorithms],
        requiredClaims: ['exp'],
        clockTolerance: options.clockToleranceSeconds ?? 5,
        ...(now === undefined ? {} : { currentDate: now() }),
      });
      return payload as VerifiedToken;
    } catch (error) {
      throw refusalOf(error);
    }
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const isProtected = ({ protocol, hostname }: URL): boolean => protocol === 'https:' || LOOPBACK.test(hostname);

/** The errors of `jose` that are about the token. */
const REFUSALS: Readonly<Record<string, readonly [code: TokenRefusalCode, detail: string]>> = {
  ERR_JWS_INVALID: ['MALFORMED_TOKEN', 'The token is not a signed JWT'],
  ERR_JWT_INVALID: ['MALFORMED_TOKEN', 'The token is not a signed JWT'],
  ERR_JOSE_ALG_NOT_ALLOWED: ['ALGORITHM_NOT_ALLOWED', 'The algorithm of the token is not accepted'],
  ERR_JOSE_NOT_SUPPORTED: ['ALGORITHM_NOT_ALLOWED', 'The algorithm of the token is not accepted'],
  ERR_JWKS_NO_MATCHING_KEY: ['UNKNOWN_KID', 'The key of the token is not one of the issuer'],
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: ['UNKNOWN_KID', 'The token does not name its key'],
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['INVALID_SIGNATURE', 'The signature is not valid'],
  ERR_JWT_EXPIRED: ['EXPIRED_TOKEN', 'The token has expired'],
  ERR_JWT_CLAIM_VALIDATION_FAILED: ['INVALID_CLAIMS', 'The issuer, audience or another claim is not accepted'],
};

function refusalOf(error: unknown): Error {
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' && error.reason === 'check_failed') {
    return new TokenRefused('TOKEN_NOT_YET_VALID', 'The token is not valid yet', { cause: error });
  }
  const [code, detail] = (error instanceof errors.JOSEError && REFUSALS[error.code]) || [];
  return code === undefined ? new KeysUnavailable(error) : new TokenRefused(code, detail!, { cause: error });
}
