import { TokenRefused } from './token-refused.js';
import type { TokenVerifier, VerifiedToken } from './token-verifier.js';

/** What is read of a request; those of Express, Fastify and `node:http` have it. */
export interface IncomingHeaders {
  readonly headers: { readonly authorization?: string | undefined };
}

/** RFC 6750 §2.1; the name of a scheme is in any case of letters (RFC 9110 §11.1). */
const BEARER = /^bearer +(?<token>[\w\-.~+/]+=*)$/i;

const accepted = new WeakMap<object, VerifiedToken>();

/**
 * Verifies the token of a request; `tokenOf` gives it from then on.
 * @throws TokenRefused, KeysUnavailable
 */
export async function verifyRequest(verify: TokenVerifier, request: IncomingHeaders): Promise<void> {
  const token = BEARER.exec(request.headers.authorization ?? '')?.groups?.['token'];
  if (token === undefined) throw new TokenRefused('CREDENTIALS_REQUIRED', 'A token is required');
  accepted.set(request, await verify(token));
}

/** The claims of the token of a request that was accepted. @throws TypeError where none was verified */
export function tokenOf(request: object): VerifiedToken {
  const token = accepted.get(request);
  if (token === undefined) throw new TypeError('The token of this request was not verified: the route has no guard');
  return token;
}
