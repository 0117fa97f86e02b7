import {
  type IncomingHeaders,
  type TokenVerifierOptions,
  tokenOf,
  tokenVerifier,
  verifyRequest,
} from '../verify/index.js';

export { KeysUnavailable, TokenRefused, type VerifiedToken } from '../verify/index.js';
export { tokenOf };

/** A middleware of Express 4 and 5, and of what else has its form. */
export type TokenMiddleware = (
  request: IncomingHeaders,
  response: unknown,
  next: (error?: unknown) => void,
) => Promise<void>;

/**
 * Accepts requests with a bearer token of the issuer only. The claims are `tokenOf(request)`. What is rejected goes to the
 * error handler as a `TokenRefused` (401, with `WWW-Authenticate`) or `KeysUnavailable` (503).
 */
export function requireToken(options: TokenVerifierOptions): TokenMiddleware {
  const verify = tokenVerifier(options);
  return async (request, _response, next) => {
    try {
      await verifyRequest(verify, request);
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
