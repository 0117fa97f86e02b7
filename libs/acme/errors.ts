import { defineErrors } from '#core';

/** A problem type of the ACME registry (RFC 8555 §6.7, §9.7.4). */
export const acmeType = (name: string): string => `urn:ietf:params:acme:error:${name}`;

/** What an ACME client is told, by the type that it looks at. */
export const acmeErrors = defineErrors('acme', {
  ACME_MALFORMED: { kind: 'invalid', title: 'The request is malformed', type: acmeType('malformed') },
  ACME_BAD_NONCE: { kind: 'invalid', title: 'The nonce is unknown, expired or used', type: acmeType('badNonce') },
  ACME_BAD_SIGNATURE_ALGORITHM: {
    kind: 'invalid',
    title: 'The algorithm of the JWS is not accepted',
    type: acmeType('badSignatureAlgorithm'),
  },
  ACME_BAD_PUBLIC_KEY: { kind: 'invalid', title: 'The public key is not accepted', type: acmeType('badPublicKey') },
  ACME_UNAUTHORIZED: {
    kind: 'forbidden',
    title: 'The account is not authorized to do this',
    type: acmeType('unauthorized'),
  },
  ACME_ACCOUNT_ENDED: {
    kind: 'unauthenticated',
    title: 'The ACME account is deactivated or revoked',
    type: acmeType('unauthorized'),
  },
  ACME_ACCOUNT_NOT_FOUND: {
    kind: 'invalid',
    title: 'No account has this key',
    type: acmeType('accountDoesNotExist'),
  },
  ACME_ACCOUNT_KEY_TAKEN: {
    kind: 'conflict',
    title: 'The key belongs to another account',
    type: acmeType('malformed'),
  },
  ACME_BINDING_REQUIRED: {
    kind: 'forbidden',
    title: 'An external account binding is required',
    type: acmeType('externalAccountRequired'),
  },
  ACME_BINDING_LIMIT_REACHED: { kind: 'conflict', title: 'The service has the maximum number of unused ACME bindings' },
  ACME_ACCOUNT_LIMIT_REACHED: {
    kind: 'forbidden',
    title: 'The service has the maximum number of ACME accounts',
    type: acmeType('unauthorized'),
  },
  ACME_INVALID_CONTACT: { kind: 'invalid', title: 'A contact is not valid', type: acmeType('invalidContact') },
  ACME_UNSUPPORTED_CONTACT: {
    kind: 'invalid',
    title: 'Only mailto: contacts are supported',
    type: acmeType('unsupportedContact'),
  },
  ACME_REJECTED_IDENTIFIER: {
    kind: 'invalid',
    title: 'The authority does not certify one of the identifiers for the service',
    type: acmeType('rejectedIdentifier'),
  },
  ACME_UNSUPPORTED_IDENTIFIER: {
    kind: 'invalid',
    title: 'Only identifiers of the types dns and ip are supported',
    type: acmeType('unsupportedIdentifier'),
  },
  ACME_RATE_LIMITED: { kind: 'rate-limited', title: 'Too many requests', type: acmeType('rateLimited') },
  ACME_ORDER_NOT_READY: {
    kind: 'forbidden',
    title: 'The order is not ready to be finalized',
    type: acmeType('orderNotReady'),
  },
  ACME_BAD_CSR: {
    kind: 'invalid',
    title: 'The certificate signing request is not acceptable',
    type: acmeType('badCSR'),
  },
  ACME_ALREADY_REPLACED: {
    kind: 'conflict',
    title: 'The certificate has already been replaced',
    type: acmeType('alreadyReplaced'),
  },
  ACME_ALREADY_REVOKED: {
    kind: 'invalid',
    title: 'The certificate is already revoked',
    type: acmeType('alreadyRevoked'),
  },
  ACME_BAD_REVOCATION_REASON: {
    kind: 'invalid',
    title: 'The revocation reason is not accepted',
    type: acmeType('badRevocationReason'),
  },
});
