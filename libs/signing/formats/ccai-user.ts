import { DomainError, type Json, SECOND, coreErrors, toEpochSeconds } from '#core';
import { hasPrivateMembers, isNumericDate, keyFileErrors, readTrustedKey } from '#crypto';

import { checkTimes, lifetimeSeconds } from '../claims.js';
import { type Claims, seenIn, signClaims, tokenHash, verifyJwsWithoutKid } from '../jws.js';
import type { IssueContext, IssuedToken, RefusalCode, TokenFormat, Verdict, VerifyContext } from '../token-format.js';

/** The user, or an anonymous user. */
interface CcaiInput {
  readonly identifier?: string;
  readonly name?: string;
  readonly email?: string;
  readonly anonymous?: true;
  readonly ttlSeconds?: number;
}

const LIFETIME_SECONDS = 3_600;
const ANONYMOUS_PREFIX = 'anon_';

/** Scheme, host and port as browsers write them (RFC 6454 §6.2): no path, no slash at the end. */
const ORIGIN = /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$/;

const LINE = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[^\\u0000-\\u001f\\u007f]+$' } as const;

/** The end-user token of Google CCAI Platform: `iss`, `iat`, `exp`, `identifier`, `name`, `email` under the company secret. */
export const ccaiUser: TokenFormat<CcaiInput> = {
  name: 'ccai-user',
  title: 'Google CCAI Platform user token',
  algorithms: ['HS256'],
  namesKey: false,
  issuer: 'required',
  lifetime: { ttlSeconds: LIFETIME_SECONDS, maxTtlSeconds: LIFETIME_SECONDS },
  settingsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      allowedOrigins: {
        type: 'array',
        description: 'Origins whose pages may ask for tokens with an ID token (CORS); empty: none',
        maxItems: 50,
        uniqueItems: true,
        items: { type: 'string', maxLength: 255, pattern: ORIGIN.source },
      },
      trustedIssuer: {
        type: 'object',
        description: 'Whose ID tokens (OpenID Connect Core 1.0 §2) identify the user at `GET /auth/token`',
        additionalProperties: false,
        required: ['issuer', 'audience'],
        properties: {
          issuer: { type: 'string', minLength: 1, maxLength: 500, pattern: '^https?://[^\\s#]+$' },
          audience: LINE,
          jwks: {
            type: 'object',
            additionalProperties: false,
            required: ['keys'],
            properties: {
              keys: { type: 'array', minItems: 1, maxItems: 20, items: { type: 'object', maxProperties: 30 } },
            },
          },
          jwksUrl: { type: 'string', minLength: 1, maxLength: 500, pattern: '^https?://[^\\s#]+$' },
          claims: {
            type: 'object',
            additionalProperties: false,
            properties: { identifier: LINE, name: LINE, email: LINE },
          },
        },
        oneOf: [{ required: ['jwks'] }, { required: ['jwksUrl'] }],
      },
    },
  },
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      identifier: LINE,
      name: LINE,
      email: LINE,
      anonymous: { type: 'boolean', const: true },
      ttlSeconds: { type: 'integer', minimum: 1, maximum: LIFETIME_SECONDS },
    },
  },
  checkProfile: ({ settings }) =>
    trustedKeys(settings['trustedIssuer']).flatMap((key, index) => {
      const pointer = `/settings/trustedIssuer/jwks/keys/${index}`;
      if (key['kty'] === 'oct' || hasPrivateMembers(key)) {
        return [{ pointer, code: 'NOT_PUBLIC', detail: 'only public keys belong here' }];
      }
      const weakness = weaknessOf(key);
      return weakness === undefined ? [] : [{ pointer, code: 'WEAK_KEY', detail: weakness }];
    }),
  inputExample: { identifier: 'user-42', name: 'Ada Lovelace', email: 'ada@example.com' },

  async issue(input: CcaiInput, { profile, key, sign, now, randomId }: IssueContext): Promise<IssuedToken> {
    const user = userOf(input, randomId);
    const issuedAt = toEpochSeconds(now);
    const expiresAt = issuedAt + lifetimeSeconds(profile, input.ttlSeconds);
    const token = await signClaims({ key, sign }, undefined, {
      iss: profile.issuer,
      iat: issuedAt,
      exp: expiresAt,
      ...user,
    });
    return { token, tokenId: tokenHash(token), issuedAt: issuedAt * SECOND, expiresAt: expiresAt * SECOND };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const verified = await verifyJwsWithoutKid(token, context);
    if (verified.code !== 'OK') return verified;
    const { claims } = verified;
    const code = checkTimes(claims, context.profile, context.now) ?? checkUser(claims, context.profile.issuer) ?? 'OK';
    return { code, ...seenIn(verified, tokenHash(token)) };
  },
};

/** Why signatures by the key must not be accepted; `undefined` for a key of an unknown type, which verifies nothing. */
function weaknessOf(jwk: { readonly [member: string]: Json }): string | undefined {
  try {
    readTrustedKey(jwk);
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.code === keyFileErrors.WEAK_KEY.code ? error.message : undefined;
  }
}

const trustedKeys = (trusted: Json | undefined): readonly { readonly [member: string]: Json }[] =>
  (trusted as { jwks?: { keys: { readonly [member: string]: Json }[] } } | undefined)?.jwks?.keys ?? [];

const MEMBERS = ['identifier', 'name', 'email'] as const;

/** @throws VALIDATION_ERROR that names what is missing, or what an anonymous user cannot have */
function userOf(input: CcaiInput, randomId: () => string): Record<string, string> {
  const wrong = MEMBERS.filter((member) => (input[member] === undefined) !== (input.anonymous === true));
  if (wrong.length === 0) {
    if (input.anonymous) return { identifier: `${ANONYMOUS_PREFIX}${randomId()}` };
    const { identifier, name, email } = input as Required<CcaiInput>;
    return { identifier, name, email };
  }
  const [code, detail] = input.anonymous
    ? ['NOT_ALLOWED', 'an anonymous user has none']
    : ['REQUIRED', 'is required unless the user is `anonymous`'];
  throw coreErrors.VALIDATION_ERROR({ errors: wrong.map((member) => ({ pointer: `/${member}`, code, detail })) });
}

function checkUser({ iss, iat, identifier, name, email }: Claims, issuer: string): RefusalCode | undefined {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (iss !== issuer || !isNumericDate(iat) || !isText(identifier)) return 'INVALID_CLAIMS';
  if (identifier.startsWith(ANONYMOUS_PREFIX)) return undefined;
  return isText(name) && isText(email) ? undefined : 'INVALID_CLAIMS';
}
