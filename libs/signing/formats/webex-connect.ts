import { SECOND, toEpochSeconds } from '#core';
import { isNumericDate, secondsOf } from '#crypto';

import { lifetimeSeconds } from '../claims.js';
import { type Claims, seenIn, signClaims, tokenHash, verifyJwsWithoutKid } from '../jws.js';
import type { IssueContext, IssuedToken, RefusalCode, TokenFormat, Verdict, VerifyContext } from '../token-format.js';

interface WebexInput {
  readonly ttlSeconds?: number;
}

/** "The JWT token expires after 60 minutes from the time that you have generated the token", whatever its `exp` says. */
const LIFETIME_SECONDS = 3_600;

/** The token of a Webex Connect service: `iss` (the service), `iat`, `exp` under the decoded Base64 secret. */
export const webexConnect: TokenFormat<WebexInput> = {
  name: 'webex-connect',
  title: 'Webex Connect service token',
  algorithms: ['HS256'],
  namesKey: false,
  issuer: 'optional',
  lifetime: { ttlSeconds: LIFETIME_SECONDS, maxTtlSeconds: LIFETIME_SECONDS },
  settingsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      acceptedIssuers: {
        type: 'array',
        description: "Further values of `iss` that verification accepts, such as a credential's id",
        maxItems: 20,
        uniqueItems: true,
        items: { type: 'string', minLength: 1, maxLength: 255 },
      },
    },
  },
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    properties: { ttlSeconds: { type: 'integer', minimum: 1, maximum: LIFETIME_SECONDS } },
  },
  inputExample: { ttlSeconds: 600 },

  async issue({ ttlSeconds }: WebexInput, { profile, key, sign, caller, now }: IssueContext): Promise<IssuedToken> {
    const issuedAt = toEpochSeconds(now);
    const expiresAt = issuedAt + lifetimeSeconds(profile, ttlSeconds);
    const issuer = profile.statedIssuer ?? caller.serviceId;
    const token = await signClaims({ key, sign }, undefined, { iss: issuer, iat: issuedAt, exp: expiresAt });
    return { token, tokenId: tokenHash(token), issuedAt: issuedAt * SECOND, expiresAt: expiresAt * SECOND };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const verified = await verifyJwsWithoutKid(token, context);
    if (verified.code !== 'OK') return verified;
    const { claims } = verified;
    const code = checkTimes(claims, context) ?? checkIssuer(claims, context) ?? 'OK';
    const end = endOfLife(claims);
    const seen = {
      ...seenIn(verified, tokenHash(token)),
      ...(end === undefined ? {} : { expiresAt: Math.ceil(end * SECOND) }),
    };
    return { code, ...seen };
  },
};

function endOfLife({ iat, exp }: Claims): number | undefined {
  if (!isNumericDate(iat)) return undefined;
  return Math.min(isNumericDate(exp) ? exp : Infinity, iat + LIFETIME_SECONDS);
}

function checkTimes({ iat, exp }: Claims, { profile, now }: VerifyContext): RefusalCode | undefined {
  const seconds = secondsOf(now);
  if (!isNumericDate(iat)) return 'INVALID_CLAIMS';
  if (exp !== undefined && (!isNumericDate(exp) || exp <= iat)) return 'INVALID_CLAIMS';
  if (iat > seconds + profile.skewSeconds) return 'TOKEN_NOT_YET_VALID';
  const end = Math.min(exp ?? Infinity, iat + Math.min(profile.maxTtlSeconds, LIFETIME_SECONDS));
  return seconds >= end + profile.skewSeconds ? 'EXPIRED_TOKEN' : undefined;
}

/** The service's id, or the credential's as in the document's sample. */
function checkIssuer({ iss }: Claims, { profile, caller }: VerifyContext): RefusalCode | undefined {
  const own = profile.statedIssuer === null ? [caller.serviceId, caller.credentialId] : [profile.statedIssuer];
  const accepted = [...own, ...((profile.settings['acceptedIssuers'] ?? []) as string[])];
  return typeof iss === 'string' && accepted.includes(iss) ? undefined : 'INVALID_CLAIMS';
}
