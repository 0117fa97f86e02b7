import { type EpochMilliseconds, isUuid } from '#core';
import { type CompactJws, isNumericDate, parseCompactJws, secondsOf } from '#crypto';

/** The vendor's rule: a token dies 60 minutes after `iat`, whatever its `exp` says. */
const LIFETIME_SECONDS = 3_600;
/** How far a caller's clock may be ahead of ours. No tolerance is added to the end of life. */
const CLOCK_SKEW_SECONDS = 60;

export interface CallerToken {
  readonly jws: CompactJws;
  /** The service id, or the credential id as in the vendor's sample; a UUID, nothing more is known of it yet. */
  readonly issuer: string;
}

/**
 * Everything about a service's own HS256 token that can be judged without its secret: form, algorithm, issuer, times.
 * @returns why it is refused as text for logs, never for the caller, who learns only that it is not valid
 */
export function readCallerToken(token: string, now: EpochMilliseconds): CallerToken | { readonly refused: string } {
  const parsed = parseCompactJws(token);
  if (!parsed.ok) return { refused: parsed.reason };
  const jws = parsed.value;
  const { alg, typ, kid } = jws.header;
  if (alg !== 'HS256') return { refused: 'the algorithm is not HS256' };
  if (typ !== undefined && typ.toUpperCase() !== 'JWT') return { refused: 'the type is not JWT' };
  if (kid !== undefined) return { refused: 'the format has no kid' };
  const { iss, iat, exp, nbf } = jws.claims;
  if (typeof iss !== 'string' || !isUuid(iss)) return { refused: 'iss is not a service id' };
  const seconds = secondsOf(now);
  if (!isNumericDate(iat)) return { refused: 'iat is missing or no NumericDate' };
  if (iat > seconds + CLOCK_SKEW_SECONDS) return { refused: 'iat lies in the future' };
  if (seconds >= iat + LIFETIME_SECONDS) return { refused: 'older than 60 minutes' };
  if (exp !== undefined) {
    if (!isNumericDate(exp) || exp <= iat) return { refused: 'exp is not a NumericDate after iat' };
    if (seconds >= exp) return { refused: 'expired' };
  }
  if (nbf !== undefined && (!isNumericDate(nbf) || nbf > seconds + CLOCK_SKEW_SECONDS)) {
    return { refused: 'not valid yet' };
  }
  return { jws, issuer: iss };
}
