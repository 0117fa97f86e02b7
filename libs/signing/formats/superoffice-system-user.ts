import { MINUTE, SECOND, coreErrors, toEpochSeconds } from '#core';
import { algorithm } from '#crypto';

import { diagnoseSystemUserToken } from '../diagnosis-system-user.js';
import { tokenHash } from '../jws.js';
import { type SystemUserToken, minuteStamp, parseMinuteStamp, parseSystemUserToken } from '../system-user-token.js';
import type {
  IssueContext,
  IssuedToken,
  RefusalCode,
  TokenFormat,
  Verdict,
  VerifyContext,
  VerifyingKey,
} from '../token-format.js';

interface SuperOfficeInput {
  /** If absent, the token that is stored with the profile. */
  readonly systemUserToken?: string;
}

/** Name or id of the application, a hyphen, and further text on one line. */
export const SYSTEM_USER_TOKEN = /^[^\u0000-\u001f\u007f]+$/;

/** The largest difference between the minute of a token and now. */
const WINDOW_SECONDS = 300;

/**
 * The signed system user token of SuperOffice: `<token>.<UTC yyyyMMddHHmm>.<Base64 of RSA PKCS#1 v1.5, SHA-256>`. It has
 * no nonce: two calls in the same minute give the same text, so replays are detected only if the profile enables it.
 */
export const superofficeSystemUser: TokenFormat<SuperOfficeInput> = {
  name: 'superoffice-system-user',
  title: 'SuperOffice system user token',
  algorithms: ['RS256'],
  namesKey: false,
  issuer: 'unused',
  lifetime: { ttlSeconds: WINDOW_SECONDS, maxTtlSeconds: 3_600 },
  settingsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      detectReplay: {
        type: 'boolean',
        default: false,
        description: 'Whether `consume` uses a token up; the same minute gives the same token',
      },
    },
  },
  // The result codes of the vendor's own answer.
  vendorResults: {
    OK: 'NoError',
    EXPIRED_TOKEN: 'Expired',
    TOKEN_NOT_YET_VALID: 'InvalidTimestamp',
    INVALID_TIMESTAMP: 'InvalidTimestamp',
    INVALID_SIGNATURE: 'InvalidSignature',
    MALFORMED_TOKEN: 'InvalidSignature',
    KEY_NOT_USABLE: 'Revoked',
    DUPLICATE_JTI: 'Revoked',
  },
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      systemUserToken: { type: 'string', minLength: 1, maxLength: 255, pattern: SYSTEM_USER_TOKEN.source },
    },
  },
  inputExample: { systemUserToken: 'Application Name-pzqc70604i' },

  async issue(input: SuperOfficeInput, { profile, sign, stored, now }: IssueContext): Promise<IssuedToken> {
    const systemUserToken = input.systemUserToken ?? stored.systemUserToken;
    if (systemUserToken === undefined) throw missing();
    const signed = `${systemUserToken}.${minuteStamp(now)}`;
    const signature = await sign(Buffer.from(signed));
    const token = `${signed}.${signature.toString('base64')}`;
    const issuedAt = now - (now % MINUTE);
    return { token, tokenId: tokenHash(token), issuedAt, expiresAt: issuedAt + profile.ttlSeconds * SECOND };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const parts = parseSystemUserToken(token);
    if (!parts) return { code: 'MALFORMED_TOKEN' };
    const stamp = parseMinuteStamp(parts.timestamp);
    if (stamp === undefined) return { code: 'INVALID_TIMESTAMP' };
    const key = await findSigner(parts, context.keys);
    if (!key) return { code: await whyUnsigned(parts, context) };
    const { ttlSeconds, settings } = context.profile;
    const tokenId = tokenHash(token);
    const { systemUserToken, timestamp } = parts;
    const seen = {
      claims: { systemUserToken, timestamp },
      kid: key.kid,
      tokenId,
      expiresAt: (stamp + ttlSeconds) * SECOND,
      ...(settings['detectReplay'] === true ? { replayId: tokenId } : {}),
    };
    const age = toEpochSeconds(context.now) - stamp;
    if (age > ttlSeconds) return { code: 'EXPIRED_TOKEN', ...seen };
    return { code: age < -ttlSeconds ? 'TOKEN_NOT_YET_VALID' : 'OK', ...seen };
  },

  diagnose: diagnoseSystemUserToken,
};

const missing = (): Error => {
  const detail = 'is required: none is stored with the profile';
  return coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/systemUserToken', code: 'REQUIRED', detail }] });
};

/** To its holder, a withdrawn key is not the same as an unknown one. */
async function whyUnsigned(parts: SystemUserToken, { keys, endedKeys }: VerifyContext): Promise<RefusalCode> {
  const isEnded = keys.length === 0 || (await findSigner(parts, await endedKeys())) !== undefined;
  return isEnded ? 'KEY_NOT_USABLE' : 'INVALID_SIGNATURE';
}

async function findSigner(
  { signed, signature }: SystemUserToken,
  keys: readonly VerifyingKey[],
): Promise<VerifyingKey | undefined> {
  for (const key of keys) {
    if (await algorithm(key.algorithm).verify(signed, signature, key.verifyingKey)) return key;
  }
  return undefined;
}
