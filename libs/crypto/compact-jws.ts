import { type AlgorithmName, isAlgorithmName } from './algorithms.js';
import { type JsonObject, type JsonRefusalReason, type Parsed, parseStrictJson, refusal } from './strict-json.js';

interface JwsHeader {
  readonly alg: AlgorithmName;
  readonly typ?: string;
  readonly kid?: string;
}

/** A well-formed token; nothing in it is trustworthy before `verify`. */
export interface CompactJws {
  readonly header: JwsHeader;
  readonly headerJson: string;
  readonly payload: Buffer;
  readonly claims: JsonObject;
  /** What the signature is over (RFC 7515 §5.1, step 5). */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

export type JwsRefusalReason =
  | JsonRefusalReason
  | 'TOO_LONG'
  | 'NOT_THREE_PARTS'
  | 'EMPTY_PART'
  | 'NOT_BASE64URL'
  | 'HEADER_NOT_OBJECT'
  | 'CLAIMS_NOT_OBJECT'
  | 'HEADER_MEMBER_NOT_ALLOWED'
  | 'HEADER_MEMBER_NOT_STRING'
  | 'ALGORITHM_UNKNOWN'
  | 'TYPE_MALFORMED';

interface JwsLimits {
  readonly maxTokenBytes: number;
  readonly maxDepth: number;
  readonly maxMembers: number;
}

const JWS_LIMITS: JwsLimits = { maxTokenBytes: 16 * 1024, maxDepth: 32, maxMembers: 1_000 };

/** What the kids of our own keys look like; a token may name another party's key in any other way (RFC 7515 §4.1.4). */
export const KID_PATTERN = /^[A-Za-z0-9._~-]{1,128}$/;

/** A media type with or without `application/` (RFC 7515 §4.1.9). */
const TYP_PATTERN = /^[A-Za-z0-9!#$&^_.+/-]{1,128}$/;

/** The members that are read, each a string. */
const READ_MEMBERS = ['alg', 'typ', 'kid'] as const;

/**
 * What changes the meaning of the signature: extensions that must be understood (`crit`, RFC 7515 §4.1.11; none is) and
 * a payload that is not encoded (`b64`, RFC 7797). Every other member is ignored (RFC 7515 §4), also those that bring or
 * name a key (`jwk`, `jku`, `x5c`, `x5u`, `x5t`): the key is ours and never the token's (RFC 8725 §3.10).
 */
const REFUSED_MEMBERS = ['crit', 'b64'] as const;

/**
 * Takes a compact JWS (RFC 7515 §7.1) apart before any library or look-up sees it. Exactly one text exists for each
 * token that passes: canonical base64url, no padding, no duplicate member. Never throws.
 */
export function parseCompactJws(token: string, limits: Partial<JwsLimits> = {}): Parsed<CompactJws, JwsRefusalReason> {
  const { maxTokenBytes, ...jsonLimits } = { ...JWS_LIMITS, ...limits };
  if (token.length > maxTokenBytes) return refusal('TOO_LONG', `The token is longer than ${maxTokenBytes} bytes`);

  const parts = token.split('.', 4);
  const [headerPart, payloadPart, signaturePart] = parts;
  if (parts.length !== 3 || headerPart === undefined || payloadPart === undefined || signaturePart === undefined) {
    return refusal('NOT_THREE_PARTS', 'The token does not consist of three parts');
  }
  // An unsecured JWS (`alg: none`, RFC 7515 appendix A.5) has an empty signature; its algorithm is what is wrong with it.
  const unsigned = signaturePart === '' && headerPart !== '' && payloadPart !== '';
  if (parts.includes('') && !unsigned) return refusal('EMPTY_PART', 'A part of the token is empty');

  const headerBytes = base64UrlBytes(headerPart);
  const payload = base64UrlBytes(payloadPart);
  const signature = base64UrlBytes(signaturePart);
  if (headerBytes === undefined || payload === undefined || signature === undefined) {
    return refusal('NOT_BASE64URL', 'A part of the token is not canonical base64url');
  }

  const headerMembers = parseObject(headerBytes, jsonLimits, 'HEADER_NOT_OBJECT');
  if (!headerMembers.ok) return headerMembers;
  const header = checkHeader(headerMembers.value);
  if (!header.ok) return header;
  if (unsigned) return refusal('EMPTY_PART', 'A part of the token is empty');
  const claims = parseObject(payload, jsonLimits, 'CLAIMS_NOT_OBJECT');
  if (!claims.ok) return claims;

  return {
    ok: true,
    value: {
      header: header.value,
      headerJson: headerBytes.toString('utf8'),
      payload,
      claims: claims.value,
      signingInput: Buffer.from(`${headerPart}.${payloadPart}`, 'latin1'),
      signature,
    },
  };
}

/** `undefined` for padding, blanks, foreign characters and unused bits that are not zero (RFC 4648 §3.5). */
export function base64UrlBytes(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function parseObject<const NotObject extends JwsRefusalReason>(
  bytes: Buffer,
  limits: { maxDepth: number; maxMembers: number },
  notObject: NotObject,
): Parsed<JsonObject, JsonRefusalReason | NotObject> {
  const json = parseStrictJson(bytes, limits);
  if (!json.ok) return json;
  if (json.value === null || typeof json.value !== 'object' || Array.isArray(json.value)) {
    return refusal(notObject, 'A part of the token is JSON, but not an object');
  }
  return { ok: true, value: json.value as JsonObject };
}

function checkHeader(members: JsonObject): Parsed<JwsHeader, JwsRefusalReason> {
  for (const name of REFUSED_MEMBERS) {
    if (Object.hasOwn(members, name))
      return refusal('HEADER_MEMBER_NOT_ALLOWED', `The header has the member ${name}, which is not supported`);
  }
  for (const name of READ_MEMBERS) {
    if (Object.hasOwn(members, name) && typeof members[name] !== 'string')
      return refusal('HEADER_MEMBER_NOT_STRING', `The header member ${name} is not a string`);
  }
  const { alg, typ, kid } = members as { readonly alg?: string; readonly typ?: string; readonly kid?: string };
  if (alg === undefined || !isAlgorithmName(alg)) {
    return refusal('ALGORITHM_UNKNOWN', 'The header names no algorithm that is known here');
  }
  if (typ !== undefined && !TYP_PATTERN.test(typ)) return refusal('TYPE_MALFORMED', 'The typ is not a media type');
  return { ok: true, value: { alg, ...(typ === undefined ? {} : { typ }), ...(kid === undefined ? {} : { kid }) } };
}

/** A protected header, base64url, members in the order alg, typ, kid. Constant per key, so callers keep the result. */
export const encodeJwsHeader = ({ alg, typ, kid }: JwsHeader): string =>
  Buffer.from(JSON.stringify({ alg, typ, kid })).toString('base64url');

/**
 * Puts a compact JWS together: the header of `encodeJwsHeader`, the claims exactly as serialised, and what `sign`
 * returns for the signing input.
 */
export async function encodeCompactJws(
  headerEncoded: string,
  claimsJson: string,
  sign: (signingInput: Buffer) => Promise<Buffer> | Buffer,
): Promise<string> {
  const signingInput = `${headerEncoded}.${Buffer.from(claimsJson).toString('base64url')}`;
  const signature = await sign(Buffer.from(signingInput, 'latin1'));
  return `${signingInput}.${signature.toString('base64url')}`;
}
