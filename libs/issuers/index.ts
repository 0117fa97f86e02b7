export { DocumentCache } from './document-cache.js';
export { type Claims, isKeySet, provenClaims, readUnproven } from './signed-claims.js';
