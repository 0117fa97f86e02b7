import { createHmac } from 'node:crypto';

import type { TestService } from '../signing/issuer.js';

type Part = object | string;

const encode = (part: Part): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** The signing input of a token; a part may be given as JSON text, for what an object cannot hold. */
export const signingInput = (header: Part, claims: Part): string => `${encode(header)}.${encode(claims)}`;

/** HMAC over a signing input, as the signature part of a token. */
export const hmac = (key: Buffer | string, input: string, hash = 'sha256'): string =>
  createHmac(hash, key).update(input).digest('base64url');

/** A token as the vendor's document makes it: HS256 with the decoded bytes of the service secret. */
export function ownToken(header: Part, claims: Part, { jwtSecret }: Pick<TestService, 'jwtSecret'>): string {
  const input = signingInput(header, claims);
  return `${input}.${hmac(Buffer.from(jwtSecret, 'base64'), input)}`;
}
