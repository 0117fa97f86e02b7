import { createHash } from 'node:crypto';

import { type EpochMilliseconds, type Json, SECOND, coreErrors, toEpochSeconds } from '#core';
import { isNumericDate, parseStrictJson, secondsOf } from '#crypto';

import { lifetimeSeconds } from '../claims.js';
import { type Claims, seenIn, signClaims, verifyJws } from '../jws.js';
import type { IssueContext, IssuedToken, RefusalCode, TokenFormat, Verdict, VerifyContext } from '../token-format.js';

/** Exactly one of the members is required. */
interface XimaInput {
  readonly payload?: { readonly [name: string]: Json };
  readonly body?: string;
  readonly payloadHash?: string;
}

const LIFETIME_SECONDS = 1_800;
const AUDIENCE = 'xima-ccaas';
const HASH = /^[0-9a-f]{64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * The request token of Xima CCaaS: RS256 over `payload_hash`, `jti`, `exp`, where the hash is over the bytes of
 * the body that is sent with it. Version `v2` adds `iss`, `aud`, `sub` and `iat`.
 */
export const ximaLicensing: TokenFormat<XimaInput> = {
  name: 'xima-licensing',
  title: 'Xima CCaaS licensing request',
  algorithms: ['RS256'],
  namesKey: true,
  issuer: 'unused',
  lifetime: { ttlSeconds: LIFETIME_SECONDS, maxTtlSeconds: LIFETIME_SECONDS },
  versions: ['v1', 'v2'],
  certificates: true,
  inputSchema: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: {
      payload: { type: 'object', maxProperties: 1_000 },
      body: { type: 'string', minLength: 2, maxLength: 49_152 },
      payloadHash: { type: 'string', pattern: HASH.source },
    },
  },
  inputExample: { payload: { serial: 'EXAMPLECUSTOMER1D57107A415DEE77F', eliteSeats: 15 } },

  async issue(input: XimaInput, { profile, key, sign, kid, now, randomId }: IssueContext): Promise<IssuedToken> {
    const body = bodyOf(input);
    const tokenId = randomId();
    const issuedAt = toEpochSeconds(now);
    const expiresAt = issuedAt + lifetimeSeconds(profile, undefined);
    const token = await signClaims({ key, sign }, kid, {
      payload_hash: input.payloadHash ?? sha256(Buffer.from(body ?? '')),
      jti: tokenId,
      exp: expiresAt,
      ...(profile.formatVersion === 'v2' ? { iss: AUDIENCE, aud: AUDIENCE, sub: kid, iat: issuedAt } : {}),
    });
    const times = { issuedAt: issuedAt * SECOND, expiresAt: expiresAt * SECOND };
    return { token, tokenId, ...times, ...(body === undefined ? {} : { body }) };
  },

  async verify(token: string, context: VerifyContext): Promise<Verdict> {
    const verified = await verifyJws(token, context);
    if (verified.code !== 'OK') return verified;
    const { claims, key } = verified;
    const tokenId = typeof claims['jti'] === 'string' && UUID.test(claims['jti']) ? claims['jti'] : undefined;
    const code =
      checkTime(claims, context.profile, context.now) ??
      checkForm(claims) ??
      (context.profile.formatVersion === 'v2' ? checkVersion2(claims, key.kid, context) : undefined) ??
      checkBody(claims, context.body) ??
      'OK';
    return {
      code,
      ...seenIn(verified, tokenId),
      ...(tokenId === undefined ? {} : { replayId: tokenId.toLowerCase() }),
    };
  },
};

/**
 * The exact text to send. An object is written compactly in its own order, which is only possible for what JavaScript
 * keeps as it was: it would move members such as `"10"`, and round integers beyond 2^53.
 */
function bodyOf({ payload, body }: XimaInput): string | undefined {
  if (payload !== undefined) {
    if (!keepsItsText(payload)) {
      throw refusal(
        '/payload',
        'it has members or numbers that would not keep their place or value: send `body` instead',
      );
    }
    return JSON.stringify(payload);
  }
  if (body === undefined) return undefined;
  const parsed = parseStrictJson(Buffer.from(body));
  const isObject =
    parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  if (!isObject) throw refusal('/body', parsed.ok ? 'a JSON object is expected' : parsed.detail);
  return body;
}

function keepsItsText(value: Json | undefined): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(keepsItsText);
  return Object.entries(value).every(([name, member]) => !/^(0|[1-9]\d*)$/.test(name) && keepsItsText(member));
}

const refusal = (pointer: string, detail: string): Error =>
  coreErrors.VALIDATION_ERROR({ errors: [{ pointer, code: 'INVALID_VALUE', detail }] });

/** Without `iat` the lifetime of a token is unknown, so its remaining lifetime must not exceed the maximum either. */
function checkTime(
  { exp }: Claims,
  { skewSeconds, maxTtlSeconds }: { readonly skewSeconds: number; readonly maxTtlSeconds: number },
  now: EpochMilliseconds,
): RefusalCode | undefined {
  if (!isNumericDate(exp)) return 'INVALID_CLAIMS';
  const seconds = secondsOf(now);
  return seconds >= exp + skewSeconds || exp > seconds + maxTtlSeconds + skewSeconds ? 'EXPIRED_TOKEN' : undefined;
}

function checkForm({ jti, payload_hash: hash }: Claims): RefusalCode | undefined {
  if (typeof jti !== 'string' || !UUID.test(jti)) return 'INVALID_JTI';
  return typeof hash === 'string' && HASH.test(hash) ? undefined : 'INVALID_CLAIMS';
}

function checkVersion2(
  { iss, aud, sub, iat }: Claims,
  kid: string,
  { profile, now }: VerifyContext,
): RefusalCode | undefined {
  if (iss !== AUDIENCE || aud !== AUDIENCE || sub !== kid || !isNumericDate(iat)) return 'INVALID_CLAIMS';
  return iat > secondsOf(now) + profile.skewSeconds ? 'TOKEN_NOT_YET_VALID' : undefined;
}

/** Over the received bytes: parsing and serialising them again would change the hash. */
const checkBody = ({ payload_hash: hash }: Claims, body: Buffer | undefined): RefusalCode | undefined =>
  body !== undefined && hash === sha256(body) ? undefined : 'INVALID_PAYLOAD_HASH';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
