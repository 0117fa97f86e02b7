import type { KeyObject } from 'node:crypto';

import { type DomainError, type Json, coreErrors } from '#core';
import { type AlgorithmName, type Jwk, algorithm, base64UrlBytes, parseStrictJson, readTrustedKey } from '#crypto';

import { acmeErrors } from './errors.js';

type JsonObject = Readonly<Record<string, Json>>;

/** The algorithms of account keys; RFC 8555 §6.2 asks for the first, and excludes those with a shared secret. */
export const acmeAlgorithms = ['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256'] as const satisfies readonly AlgorithmName[];
type AcmeAlgorithm = (typeof acmeAlgorithms)[number];

/** A flattened JWS (RFC 7515 §7.2.2) taken apart; nothing in it is trustworthy before its signature is verified. */
export interface FlattenedJws {
  /** The members of the protected header. */
  readonly header: JsonObject;
  readonly payload: Buffer;
  /** What the signature is over (RFC 7515 §5.1, step 5). */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

const MEMBERS = ['payload', 'protected', 'signature'];
/** RFC 7515 §4.1.11, RFC 7797: what changes the meaning of the signature; RFC 8555 §6.2 excludes the latter. */
const REFUSED_HEADERS = ['crit', 'b64'];

const malformed = (detail: string): DomainError => acmeErrors.ACME_MALFORMED(detail);

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Takes a JWS of an ACME request apart (RFC 8555 §6.2): flattened, with one signature and no unprotected header.
 * @throws ACME_MALFORMED
 */
export function parseFlattenedJws(body: unknown): FlattenedJws {
  if (!isObject(body as Json)) throw malformed('The body is not a flattened JWS (RFC 7515 §7.2.2)');
  const members = body as Readonly<Record<string, unknown>>;
  const names = Object.keys(members).toSorted();
  if (names.join() !== MEMBERS.join()) throw malformed('A JWS has the members protected, payload and signature');
  const [payload, protectedHeader, signature] = MEMBERS.map((name) => bytesOf(members[name], name));
  const header = objectOf(protectedHeader!, 'The protected header');
  const refused = REFUSED_HEADERS.find((name) => Object.hasOwn(header, name));
  if (refused !== undefined) throw malformed(`The header has the member ${refused}, which is not supported`);
  const signingInput = Buffer.from(`${String(members['protected'])}.${String(members['payload'])}`, 'latin1');
  return { header, payload: payload!, signingInput, signature: signature! };
}

function bytesOf(value: unknown, name: string): Buffer {
  const bytes = typeof value === 'string' ? base64UrlBytes(value) : undefined;
  if (bytes === undefined) throw malformed(`${name} is not base64url (RFC 7515 §2)`);
  return bytes;
}

function objectOf(bytes: Buffer, what: string): JsonObject {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok || !isObject(parsed.value)) throw malformed(`${what} is not a JSON object`);
  return parsed.value;
}

/** The payload; `undefined` for POST-as-GET, which has none (RFC 8555 §6.3). @throws ACME_MALFORMED */
export const payloadOf = ({ payload }: FlattenedJws): JsonObject | undefined =>
  payload.length === 0 ? undefined : objectOf(payload, 'The payload');

/** A text of a header or a payload. @throws ACME_MALFORMED */
export function textIn(members: JsonObject, name: string): string {
  const value = members[name];
  if (typeof value !== 'string') throw malformed(`${name} is missing, or no text`);
  return value;
}

/** By which key a request is signed: one that the request brings, or that of an account (RFC 8555 §6.2). */
export type Signer = { readonly jwk: Jwk } | { readonly kid: string };

/** @throws ACME_MALFORMED unless there is exactly one of the two */
export function signerOf({ header }: Pick<FlattenedJws, 'header'>): Signer {
  const { jwk, kid } = header;
  if ((jwk === undefined) === (kid === undefined)) throw malformed('The header has one of jwk and kid');
  if (kid !== undefined) return { kid: textIn(header, 'kid') };
  if (!isObject(jwk)) throw malformed('jwk is not an object');
  return { jwk };
}

/** The algorithm of a request. @throws ACME_BAD_SIGNATURE_ALGORITHM with those that are accepted (RFC 8555 §6.2) */
export function algorithmOf({ header }: Pick<FlattenedJws, 'header'>): AcmeAlgorithm {
  const { alg } = header;
  if (acmeAlgorithms.includes(alg as AcmeAlgorithm)) return alg as AcmeAlgorithm;
  throw acmeErrors.ACME_BAD_SIGNATURE_ALGORITHM({ extensions: { algorithms: acmeAlgorithms } });
}

/** The public key of a JWK with the members that identify it. @throws ACME_BAD_PUBLIC_KEY */
export function accountKey(jwk: Jwk): {
  readonly key: KeyObject;
  readonly publicKey: Readonly<Record<string, string>>;
} {
  try {
    const key = readTrustedKey(jwk);
    return { key, publicKey: key.export({ format: 'jwk' }) as Readonly<Record<string, string>> };
  } catch (error) {
    throw acmeErrors.ACME_BAD_PUBLIC_KEY({ detail: detailOf(error), cause: error });
  }
}

const detailOf = (error: unknown): string =>
  error instanceof Error && 'kind' in error ? error.message : 'The JWK is not a public key that can be read';

/** @throws ACME_BAD_PUBLIC_KEY where the key is not one for the algorithm, ACME_MALFORMED where it did not sign */
export async function requireSignature(jws: FlattenedJws, name: AlgorithmName, key: KeyObject): Promise<void> {
  const row = algorithm(name);
  if (!row.accepts(key)) throw acmeErrors.ACME_BAD_PUBLIC_KEY(`The key is not one for ${name}`);
  if (!(await row.verify(jws.signingInput, jws.signature, key))) throw malformed('The signature does not verify');
}

/** The media type of every request (RFC 8555 §6.2). @throws UNSUPPORTED_MEDIA_TYPE */
export function requireJoseJson(contentType: string | undefined): void {
  if (!/^application\/jose\+json\s*(;|$)/i.test(contentType ?? '')) {
    throw coreErrors.UNSUPPORTED_MEDIA_TYPE('ACME requests have the type application/jose+json');
  }
}
