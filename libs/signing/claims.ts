import { type InputError, type Json, coreErrors } from '#core';
import { isNumericDate, secondsOf } from '#crypto';

import type { ProfileFacts, RefusalCode } from './token-format.js';

/** The registered claims of RFC 7519 §4.1, which callers cannot set as free claims. */
export const REGISTERED_CLAIMS: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

type Claims = { readonly [name: string]: Json };

/**
 * Checks the claims of a caller against the profile.
 * @throws VALIDATION_ERROR that names each claim that is fixed, registered, not allowed, or missing
 */
export function callerClaims(profile: ProfileFacts, claims: Claims): Claims {
  const { fixedClaims, allowedClaims, requiredClaims } = profile;
  const refused = Object.keys(claims).flatMap((name): InputError[] => {
    const detail = REGISTERED_CLAIMS.has(name)
      ? 'a registered claim has its own field, or is set by the profile'
      : Object.hasOwn(fixedClaims, name)
        ? 'the profile sets this claim'
        : allowedClaims.includes(name) || allowedClaims.includes('*')
          ? undefined
          : 'the profile does not allow this claim';
    return detail === undefined ? [] : [{ pointer: pointerTo('claims', name), code: 'CLAIM_NOT_ALLOWED', detail }];
  });
  const missing = requiredClaims
    .filter((name) => !Object.hasOwn(claims, name) && !Object.hasOwn(fixedClaims, name))
    .map((name) => ({
      pointer: pointerTo('claims', name),
      code: 'CLAIM_REQUIRED',
      detail: 'the profile requires this claim',
    }));
  const errors = [...refused, ...missing];
  if (errors.length > 0) throw coreErrors.VALIDATION_ERROR({ errors });
  return claims;
}

/** The lifetime of a token, in seconds. @throws VALIDATION_ERROR where it is longer than the profile permits */
export function lifetimeSeconds(profile: ProfileFacts, requested: number | undefined): number {
  if (requested === undefined) return profile.ttlSeconds;
  if (requested <= profile.maxTtlSeconds) return requested;
  const detail = `the profile permits at most ${profile.maxTtlSeconds} seconds`;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/ttlSeconds', code: 'TTL_TOO_LONG', detail }] });
}

/**
 * The `aud` of a token: the audiences of the request, which the profile must list, or else all that it lists.
 * @throws VALIDATION_ERROR
 */
export function audienceOf(
  profile: ProfileFacts,
  requested: string | readonly string[] | undefined,
): string | readonly string[] | undefined {
  const listed = profile.audience;
  if (requested === undefined) return listed.length > 1 ? listed : listed[0];
  const named = typeof requested === 'string' ? [requested] : requested;
  if (listed.length > 0 && named.some((audience) => !listed.includes(audience))) {
    const detail = `the profile permits ${listed.join(', ')}`;
    throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/audience', code: 'AUDIENCE_NOT_ALLOWED', detail }] });
  }
  return requested;
}

/**
 * Checks `exp`, `nbf` and `iat` with the profile's tolerance; `exp` is required, and the lifetime may not be
 * longer than the profile permits.
 * @param now epoch milliseconds
 */
export function checkTimes(
  claims: Claims,
  profile: Pick<ProfileFacts, 'skewSeconds' | 'maxTtlSeconds'>,
  now: number,
): RefusalCode | undefined {
  const { exp, nbf, iat } = claims;
  const { skewSeconds, maxTtlSeconds } = profile;
  const seconds = secondsOf(now);
  for (const date of [exp, nbf, iat]) if (date !== undefined && !isNumericDate(date)) return 'INVALID_CLAIMS';
  if (!isNumericDate(exp)) return 'INVALID_CLAIMS';
  if (seconds >= exp + skewSeconds) return 'EXPIRED_TOKEN';
  if (isNumericDate(nbf) && nbf > seconds + skewSeconds) return 'TOKEN_NOT_YET_VALID';
  if (isNumericDate(iat) && iat > seconds + skewSeconds) return 'TOKEN_NOT_YET_VALID';
  const begins = isNumericDate(iat) ? iat : seconds;
  return exp - begins > maxTtlSeconds + skewSeconds ? 'INVALID_CLAIMS' : undefined;
}

/** `jti`: 8 to 128 characters that every collation distinguishes. */
export const isTokenId = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9._~:-]{8,128}$/.test(value);

/** RFC 6901 §3. */
const pointerTo = (...names: string[]): string =>
  names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
