import { createHash } from 'node:crypto';

import { type Json, SECOND, coreErrors } from '#core';
import {
  type AlgorithmName,
  type CompactJws,
  KID_PATTERN,
  algorithm,
  encodeCompactJws,
  encodeJwsHeader,
  isNumericDate,
  parseCompactJws,
} from '#crypto';

import type { IssueContext, RefusalCode, Verdict, VerifyContext, VerifyingKey } from './token-format.js';

export type Claims = { readonly [name: string]: Json };
export type Refused = { readonly code: RefusalCode; readonly kid?: string };
type Authentic = { readonly code: 'OK'; readonly jws: CompactJws; readonly claims: Claims; readonly key: VerifyingKey };

/** 9999-12-31T23:59:59Z: what lies beyond has no RFC 3339 form. */
const LATEST_SECONDS = 253_402_300_799;

/**
 * A compact JWS with the claims in the given order, and without those that are `undefined`. What is issued
 * here can be verified here: a token keeps the limits that hold for reading one.
 * @throws VALIDATION_ERROR where the claims make it too long or give it too many members
 */
export async function signClaims(
  { key, sign }: Pick<IssueContext, 'key' | 'sign'>,
  kid: string | undefined,
  claims: Record<string, Json | readonly string[] | undefined>,
): Promise<string> {
  const header = headerOf(key.algorithm, kid);
  const token = await encodeCompactJws(header, JSON.stringify(claims), sign);
  if (token.length <= SHORT_CHARACTERS && isPlain(claims)) return token;
  const parsed = parseCompactJws(token);
  if (parsed.ok) return token;
  const { reason: code, detail } = parsed;
  throw coreErrors.VALIDATION_ERROR({ errors: [{ pointer: '/claims', code, detail }] });
}

const headers = new Map<string, string>();
const HEADERS_MAX = 10_000;

/** The encoded header: the same for every token of a key version. */
function headerOf(alg: AlgorithmName, kid: string | undefined): string {
  const place = `${alg} ${kid ?? ''}`;
  const known = headers.get(place);
  if (known !== undefined) return known;
  const header = encodeJwsHeader({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) });
  if (headers.size >= HEADERS_MAX) headers.clear();
  headers.set(place, header);
  return header;
}

/** Well below every limit for reading a token. */
const SHORT_CHARACTERS = 2_048;

/** Whether claims, as those of most tokens, hold nothing that a strict reader could reject; reading a token costs more than HMAC. */
function isPlain(claims: Record<string, Json | readonly string[] | undefined>): boolean {
  for (const name in claims) {
    const value = claims[name];
    if (name === '__proto__' || !name.isWellFormed()) return false;
    if (typeof value === 'string' ? !value.isWellFormed() : typeof value === 'object') return false;
    if (typeof value === 'number' && !Number.isFinite(value)) return false;
  }
  return true;
}

/**
 * The first half of every JWS format's verification, in the fixed order: shape, header, algorithm (from our key, never
 * from the token), key, signature. What comes back is authentic; its claims are still to be checked.
 */
export async function verifyJws(token: string, context: VerifyContext): Promise<Refused | Authentic> {
  const jws = parse(token, context);
  if ('code' in jws) return jws;
  const { kid } = jws.header;
  // A name that none of our keys can have is looked up nowhere and repeated nowhere.
  if (kid === undefined || !KID_PATTERN.test(kid)) return { code: 'UNKNOWN_KID' };
  const key = context.keys.find((candidate) => candidate.kid === kid);
  if (!key) return { code: await context.whyUnusable(kid), kid };
  return (await isSignedBy(jws, key)) ? authentic(jws, key) : { code: 'INVALID_SIGNATURE', kid };
}

/**
 * The same for formats that name no key: each live one is tried, every time all of them and newest first, so that the
 * time it takes does not tell which one fitted.
 */
export async function verifyJwsWithoutKid(token: string, context: VerifyContext): Promise<Refused | Authentic> {
  const jws = parse(token, context);
  if ('code' in jws) return jws;
  // The format has no such member: a token with it refers to another party's key.
  const { kid } = jws.header;
  if (kid !== undefined) return { code: 'UNKNOWN_KID', ...(KID_PATTERN.test(kid) ? { kid } : {}) };
  if (context.keys.length === 0) return { code: 'KEY_NOT_USABLE' };
  const fitting: VerifyingKey[] = [];
  for (const key of context.keys) if (await isSignedBy(jws, key)) fitting.push(key);
  const [key] = fitting;
  return key ? authentic(jws, key) : { code: 'INVALID_SIGNATURE' };
}

/** What a verdict says of an authentic token beside its code. */
export function seenIn({ claims, key }: Authentic, tokenId: string | undefined): Omit<Verdict, 'code'> {
  const { exp } = claims;
  const isShowable = isNumericDate(exp) && exp <= LATEST_SECONDS;
  return {
    claims,
    kid: key.kid,
    ...(tokenId === undefined ? {} : { tokenId }),
    // Rounded up: what is kept until then, as a used id is, must not be gone before the token is.
    ...(isShowable ? { expiresAt: Math.ceil(exp * SECOND) } : {}),
  };
}

/** What the history calls a token that has no id of its own. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

function parse(token: string, context: VerifyContext): CompactJws | Refused {
  const parsed = parseCompactJws(token);
  if (!parsed.ok) {
    return { code: parsed.reason === 'ALGORITHM_UNKNOWN' ? 'ALGORITHM_NOT_ALLOWED' : 'MALFORMED_TOKEN' };
  }
  return parsed.value.header.alg === context.algorithm ? parsed.value : { code: 'ALGORITHM_NOT_ALLOWED' };
}

const isSignedBy = async (jws: CompactJws, key: VerifyingKey): Promise<boolean> =>
  algorithm(key.algorithm).verify(jws.signingInput, jws.signature, key.verifyingKey);

const authentic = (jws: CompactJws, key: VerifyingKey): Authentic => ({
  code: 'OK',
  jws,
  claims: jws.claims as Claims,
  key,
});
