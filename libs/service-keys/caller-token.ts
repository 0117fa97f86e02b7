import { type EpochMilliseconds, isUuid } from '#core';
import { type CompactJws, isNumericDate, isWellFormedServiceKey, parseCompactJws, secondsOf } from '#crypto';

/** The vendor's rule: a token expires 60 minutes after `iat`, whatever its `exp` says. */
const LIFETIME_SECONDS = 3_600;
/** How far a caller's clock may be ahead of ours. No tolerance is added to the end of life. */
const CLOCK_SKEW_SECONDS = 60;

interface CallerToken {
  readonly jws: CompactJws;
  /** The id of a service or of a credential, or a service key as in the vendor's sample; nothing more is known of it yet. */
  readonly issuer: string;
}

/** Why a token cannot be right whatever its secret is. */
export interface RejectedCallerToken {
  readonly code:
    'MALFORMED_TOKEN' | 'ALGORITHM_NOT_ALLOWED' | 'INVALID_CLAIMS' | 'EXPIRED_TOKEN' | 'TOKEN_NOT_YET_VALID';
  /** For the sender: tells of its clock and its encoding, and of no secret. */
  readonly refused: string;
}

/** No date in seconds of this age is so large: 5138-11-16. */
const SURELY_MILLISECONDS = 100_000_000_000;

const malformed = (refused: string): RejectedCallerToken => ({ code: 'MALFORMED_TOKEN', refused });
const wrongClaim = (refused: string): RejectedCallerToken => ({ code: 'INVALID_CLAIMS', refused });

/**
 * Everything about a service's own HS256 token that can be checked without its secret: form, algorithm, issuer, times.
 * @returns the token, or why it is rejected
 */
export function readCallerToken(token: string, now: EpochMilliseconds): CallerToken | RejectedCallerToken {
  const parsed = parseCompactJws(token);
  if (!parsed.ok) {
    return parsed.reason === 'ALGORITHM_UNKNOWN'
      ? { code: 'ALGORITHM_NOT_ALLOWED', refused: 'the algorithm is not HS256' }
      : malformed(parsed.detail);
  }
  const jws = parsed.value;
  const { alg, typ, kid } = jws.header;
  if (alg !== 'HS256') return { code: 'ALGORITHM_NOT_ALLOWED', refused: 'the algorithm is not HS256' };
  if (typ !== undefined && typ.toUpperCase() !== 'JWT') return malformed('the type is not JWT');
  if (kid !== undefined) return malformed('the format has no kid');
  const { iss } = jws.claims;
  if (typeof iss !== 'string' || !(isUuid(iss) || isWellFormedServiceKey(iss))) {
    return wrongClaim('iss is neither a service id nor a service key');
  }
  return checkTimes(jws, secondsOf(now)) ?? { jws, issuer: iss };
}

function checkTimes({ claims: { iat, exp, nbf } }: CompactJws, seconds: number): RejectedCallerToken | undefined {
  if (!isNumericDate(iat)) return wrongClaim('iat is missing or no NumericDate');
  if (iat >= SURELY_MILLISECONDS) return wrongClaim('iat is in milliseconds: it counts seconds');
  const aheadSeconds = Math.ceil(iat - seconds);
  if (iat > seconds + CLOCK_SKEW_SECONDS) {
    return {
      code: 'TOKEN_NOT_YET_VALID',
      refused: `iat lies ${aheadSeconds} seconds in the future: check the clock, and that it is UTC`,
    };
  }
  if (seconds >= iat + LIFETIME_SECONDS) {
    return {
      code: 'EXPIRED_TOKEN',
      refused: `the token is ${-aheadSeconds} seconds old: it ends 60 minutes after iat`,
    };
  }
  if (exp !== undefined) {
    if (!isNumericDate(exp) || exp <= iat) return wrongClaim('exp is not a NumericDate after iat');
    if (seconds >= exp) return { code: 'EXPIRED_TOKEN', refused: 'the token has expired' };
  }
  if (nbf === undefined) return undefined;
  if (!isNumericDate(nbf)) return wrongClaim('nbf is no NumericDate');
  return nbf > seconds + CLOCK_SKEW_SECONDS
    ? { code: 'TOKEN_NOT_YET_VALID', refused: 'the token is not valid yet' }
    : undefined;
}
