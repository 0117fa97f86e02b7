export { DocumentCache } from './document-cache.js';
export { issuerErrors } from './errors.js';
export { type IssuerMetadata, Issuers } from './issuers.js';
export { IssuersModule } from './issuers.module.js';
export { type Claims, type KeySource, isKeySet, provenClaims, readUnproven } from './signed-claims.js';
