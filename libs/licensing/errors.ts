import { defineErrors } from '#core';

/** The codes that the vendor's clients look for in the answer, with their statuses. */
export const licensingErrors = defineErrors('licensing', {
  INVALID_TOKEN: { kind: 'invalid', title: 'The token is not a licensing request token' },
  INVALID_JTI: { kind: 'invalid', title: 'The jti is missing or is not a UUID' },
  UNKNOWN_KID: { kind: 'unauthenticated', title: 'No certificate has this kid' },
  INVALID_CERTIFICATE: {
    kind: 'unauthenticated',
    title: 'The certificate is revoked, expired or not yet valid, or its holder is not active',
  },
  INVALID_SIGNATURE: { kind: 'unauthenticated', title: 'The signature does not match the certified key' },
  EXPIRED_TOKEN: { kind: 'unauthenticated', title: 'The token has expired, or its lifetime exceeds 30 minutes' },
  INVALID_PAYLOAD_HASH: {
    kind: 'unauthenticated',
    title: 'The payload_hash does not match the received body',
  },
  DUPLICATE_JTI: { kind: 'conflict', title: 'The jti has already been used' },
});
