export { type IncomingHeaders, tokenOf, verifyRequest } from './bearer.js';
export { KeysUnavailable, type TokenRefusalCode, TokenRefused } from './token-refused.js';
export { type TokenVerifier, type TokenVerifierOptions, type VerifiedToken, tokenVerifier } from './token-verifier.js';
