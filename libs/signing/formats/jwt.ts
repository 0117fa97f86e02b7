import { type Json, SECOND, toEpochSeconds } from '#core';
import { algorithmNames } from '#crypto';

import { REGISTERED_CLAIMS, audienceOf, callerClaims, checkTimes, isTokenId, lifetimeSeconds } from '../claims.js';
import { seenIn, signClaims, verifyJws } from '../jws.js';
import type { IssueContext, IssuedToken, ProfileFacts, TokenFormat, Verdict, VerifyContext } from '../token-format.js';

interface JwtInput {
  readonly subject?: string;
  readonly audience?: string | readonly string[];
  readonly claims?: { readonly [name: string]: Json };
  readonly ttlSeconds?: number;
}

const AUDIENCES_MAX = 20;

/** A JWT after RFC 7519 and RFC 8725: `iss`, `sub`, `aud`, `iat`, `exp`, `jti`, then the profile's and the caller's claims. */
export const jwt: TokenFormat<JwtInput> = {
  name: 'jwt',
  title: 'JSON Web Token (RFC 7519)',
  algorithms: algorithmNames,
  namesKey: true,
  issuer: 'optional',
  strongKeysOnly: true,
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      subject: { type: 'string', minLength: 1, maxLength: 255 },
      audience: {
        anyOf: [
          { type: 'string', minLength: 1, maxLength: 255 },
          {
            type: 'array',
            items: { type: 'string', minLength: 1, maxLength: 255 },
            minItems: 1,
            maxItems: AUDIENCES_MAX,
            uniqueItems: true,
          },
        ],
      },
      claims: { type: 'object', maxProperties: 100 },
      ttlSeconds: { type: 'integer', minimum: 1, maximum: 2_592_000 },
    },
  },
  inputExample: { subject: 'user-42', claims: { scope: 'orders:read' }, ttlSeconds: 300 },

  checkProfile: ({ fixedClaims }: ProfileFacts) =>
    Object.keys(fixedClaims)
      .filter((name) => REGISTERED_CLAIMS.has(name))
      .map((name) => ({
        pointer: `/fixedClaims/${name}`,
        code: 'CLAIM_NOT_ALLOWED',
        detail: 'a registered claim cannot be fixed',
      })),

  async issue(input: JwtInput, { profile, key, sign, kid, now, orderedId }: IssueContext): Promise<IssuedToken> {
    const claims = callerClaims(profile, input.claims ?? {});
    const audience = audienceOf(profile, input.audience);
    const issuedAt = toEpochSeconds(now);
    const expiresAt = issuedAt + lifetimeSeconds(profile, input.ttlSeconds);
    const tokenId = orderedId();
    const token = await signClaims({ key, sign }, kid, {
      iss: profile.issuer,
      sub: input.subject,
      aud: audience,
      iat: issuedAt,
      exp: expiresAt,
      jti: tokenId,
      ...profile.fixedClaims,
      ...claims,
    });
    return { token, tokenId, issuedAt: issuedAt * SECOND, expiresAt: expiresAt * SECOND };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const verified = await verifyJws(token, context);
    if (verified.code !== 'OK') return verified;
    const { claims } = verified;
    const { profile, now } = context;
    const tokenId = isTokenId(claims['jti']) ? claims['jti'] : undefined;
    const code = checkTimes(claims, profile, now) ?? checkClaims(claims, profile) ?? 'OK';
    return { code, ...seenIn(verified, tokenId), ...(tokenId === undefined ? {} : { replayId: tokenId }) };
  },
};

function checkClaims(
  claims: { readonly [name: string]: Json },
  profile: ProfileFacts,
): 'INVALID_CLAIMS' | 'INVALID_JTI' | undefined {
  const { iss, aud, jti } = claims;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isForUs = profile.audience.length === 0 || profile.audience.some((audience) => named.includes(audience));
  const isComplete = profile.requiredClaims.every((name) => Object.hasOwn(claims, name));
  if (iss !== profile.issuer || !isForUs || !isComplete) return 'INVALID_CLAIMS';
  return isTokenId(jti) ? undefined : 'INVALID_JTI';
}
