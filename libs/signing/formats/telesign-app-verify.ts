import { SECOND, toEpochSeconds } from '#core';
import { isNumericDate } from '#crypto';
import { isCidr } from '#tenants';

import { checkTimes } from '../claims.js';
import { type Claims, seenIn, signClaims, verifyJwsWithoutKid } from '../jws.js';
import type { IssueContext, IssuedToken, RefusalCode, TokenFormat, Verdict, VerifyContext } from '../token-format.js';

interface TelesignInput {
  readonly phoneNumber: string;
  readonly xid?: string;
}

/** The specification backdates tokens, for clocks that are behind. */
const BACKDATED_SECONDS = 10;
const LIFETIME_SECONDS = 90;
export const PHONE_NUMBER = /^\+?\d{7,15}$/;
export const XID = /^[A-Za-z0-9._~-]{1,64}$/;

/** The token of TeleSign App Verify: `iss` (customer id), `iat`, `exp`, `phn`, `xid` under the decoded Base64 API key. */
export const telesignAppVerify: TokenFormat<TelesignInput> = {
  name: 'telesign-app-verify',
  title: 'TeleSign App Verify token',
  algorithms: ['HS256'],
  namesKey: false,
  issuer: 'required',
  lifetime: { ttlSeconds: LIFETIME_SECONDS, maxTtlSeconds: LIFETIME_SECONDS },
  settingsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      perPhonePerMinute: {
        type: 'integer',
        minimum: 1,
        maximum: 60,
        default: 5,
        description: 'Tokens for one phone number in any 60 seconds',
      },
      perServicePerMinute: {
        type: 'integer',
        minimum: 1,
        maximum: 600,
        default: 60,
        description: 'Tokens for one service in any 60 seconds',
      },
      publicAccess: {
        type: 'object',
        description: 'Lets clients of some networks ask for tokens without a credential; absent: no client may',
        additionalProperties: false,
        required: ['allowedCidrs'],
        properties: {
          allowedCidrs: {
            type: 'array',
            minItems: 1,
            maxItems: 50,
            uniqueItems: true,
            items: { type: 'string', maxLength: 49 },
          },
          perAddressPerMinute: {
            type: 'integer',
            minimum: 1,
            maximum: 600,
            default: 10,
            description: 'Tokens for one address (an IPv6 /64) in any 60 seconds',
          },
        },
      },
    },
  },
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['phoneNumber'],
    properties: {
      phoneNumber: { type: 'string', pattern: PHONE_NUMBER.source },
      xid: { type: 'string', pattern: XID.source },
    },
  },
  inputExample: { phoneNumber: '+4915112345678', xid: 'order-4711' },

  checkProfile: ({ settings }) =>
    ((settings['publicAccess'] as { allowedCidrs?: string[] } | undefined)?.allowedCidrs ?? []).flatMap(
      (cidr, index) =>
        isCidr(cidr)
          ? []
          : [
              {
                pointer: `/settings/publicAccess/allowedCidrs/${index}`,
                code: 'INVALID_VALUE',
                detail: 'a network such as 203.0.113.0/24',
              },
            ],
    ),

  transaction: ({ xid, phoneNumber }: TelesignInput) => ({ xid, phoneNumber }),

  async issue(
    { phoneNumber, xid }: TelesignInput,
    { profile, key, sign, now, randomId }: IssueContext,
  ): Promise<IssuedToken> {
    const issuedAt = toEpochSeconds(now) - BACKDATED_SECONDS;
    const expiresAt = issuedAt + profile.ttlSeconds;
    const tokenId = xid ?? randomId();
    const claims = { iss: profile.issuer, iat: issuedAt, exp: expiresAt, phn: phoneNumber, xid: tokenId };
    const token = await signClaims({ key, sign }, undefined, claims);
    return { token, tokenId, issuedAt: issuedAt * SECOND, expiresAt: expiresAt * SECOND };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const verified = await verifyJwsWithoutKid(token, context);
    if (verified.code !== 'OK') return verified;
    const { claims } = verified;
    const xid = typeof claims['xid'] === 'string' && XID.test(claims['xid']) ? claims['xid'] : undefined;
    const code =
      checkTimes(claims, context.profile, context.now) ?? checkClaims(claims, context.profile.issuer) ?? 'OK';
    return { code, ...seenIn(verified, xid), ...(xid === undefined ? {} : { replayId: xid }) };
  },
};

function checkClaims({ iss, iat, phn, xid }: Claims, issuer: string): RefusalCode | undefined {
  const isOurs = iss === issuer && isNumericDate(iat);
  const isComplete = typeof phn === 'string' && PHONE_NUMBER.test(phn) && typeof xid === 'string' && XID.test(xid);
  return isOurs && isComplete ? undefined : 'INVALID_CLAIMS';
}
