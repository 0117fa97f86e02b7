import { type EpochMilliseconds, toRfc3339 } from '#core';

import { diagnoseJws } from './diagnosis-jws.js';
import type { Finding, RefusalCode, TokenFormat, Verdict, VerifyContext } from './token-format.js';

/** The explanation of a code, if there is no more exact finding. */
const EXPLANATIONS: Readonly<Record<RefusalCode, string>> = {
  MALFORMED_TOKEN: 'The text has not the form of a token of this format',
  ALGORITHM_NOT_ALLOWED: 'The token names another algorithm than the key of the profile has',
  UNKNOWN_KID: 'The kid names no key of the profile',
  KEY_NOT_USABLE: 'The key is known, but neither active nor retired: it was destroyed, deleted or compromised',
  INVALID_SIGNATURE: 'The signature was not made with a key of the profile, or the token was altered afterwards',
  EXPIRED_TOKEN: 'The token has expired, or claims to live longer than the format permits',
  TOKEN_NOT_YET_VALID: 'The token begins in the future',
  INVALID_CLAIMS: 'A claim is missing, has the wrong type, or not the value that the profile expects',
  INVALID_JTI: 'The jti is missing, not a string, or not of the form that the format asks for',
  DUPLICATE_JTI: 'The id of the token was used before',
  INVALID_PAYLOAD_HASH: 'The hash in the token is not that of the body that was received',
  INVALID_TIMESTAMP: 'The time stamp is not twelve digits yyyyMMddHHmm of a minute that exists',
  CERTIFICATE_REVOKED: 'The certificate that the kid names was revoked',
  CERTIFICATE_EXPIRED: 'The certificate that the kid names has expired',
};

/**
 * All problems of a token that can be found, not only the first one. It is a pure function; its caller looks up the facts
 * first. No finding contains a secret or a part of one.
 */
export async function diagnose(
  format: TokenFormat,
  token: string,
  context: VerifyContext,
  known: { readonly verdict: Verdict; readonly usedAt: EpochMilliseconds | undefined },
): Promise<Finding[]> {
  const { verdict, usedAt } = known;
  // An accepted token has no findings, even if it looks unusual.
  if (verdict.code === 'OK') return [];
  const found = await (format.diagnose?.(token, context) ?? diagnoseJws(token, context, format));
  const replayed =
    usedAt === undefined
      ? []
      : [
          {
            cause: 'DUPLICATE_JTI',
            detail: `The id of the token was used up at ${toRfc3339(usedAt)}`,
            facts: { usedAt: toRfc3339(usedAt) },
          },
        ];
  const findings = [...found, ...replayed];
  return findings.length > 0 ? findings : [{ cause: verdict.code, detail: EXPLANATIONS[verdict.code] }];
}
