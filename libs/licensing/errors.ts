import { defineErrors } from '#core';

/** The codes that the vendor's clients look for in the answer, with their statuses. */
export const licensingErrors = defineErrors('licensing', {
  INVALID_TOKEN: { kind: 'invalid', title: 'The token is not one of a licensing request' },
  INVALID_JTI: { kind: 'invalid', title: 'The jti is missing, or not a UUID' },
  UNKNOWN_KID: { kind: 'unauthenticated', title: 'No certificate has this kid' },
  INVALID_CERTIFICATE: {
    kind: 'unauthenticated',
    title: 'The certificate is revoked or outside its validity, or its holder is no longer active',
  },
  INVALID_SIGNATURE: { kind: 'unauthenticated', title: 'The signature is not that of the certified key' },
  EXPIRED_TOKEN: { kind: 'unauthenticated', title: 'The token has expired, or claims to live longer than 30 minutes' },
  INVALID_PAYLOAD_HASH: {
    kind: 'unauthenticated',
    title: 'The payload_hash is not that of the body as it was received',
  },
  DUPLICATE_JTI: { kind: 'conflict', title: 'The jti was used before' },
});
