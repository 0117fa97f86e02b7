import { defineErrors } from '#core';

export const profileErrors = defineErrors('token-profiles', {
  PROFILE_NAME_TAKEN: { kind: 'conflict', title: 'The name of the token profile is already in use' },
  KEY_DOES_NOT_SUIT_FORMAT: { kind: 'unprocessable', title: 'The format does not support the algorithm of this key' },
  CERTIFICATE_NOT_USABLE: { kind: 'conflict', title: 'The certificate is not currently valid' },
  PROFILE_IN_USE: { kind: 'conflict', title: 'The token profile is granted to services' },
  PROFILE_NOT_GRANTED: { kind: 'forbidden', title: 'The token profile is not granted to this service' },
  AMBIGUOUS_PROFILE: { kind: 'invalid', title: 'Several token profiles match; specify one with `profile`' },
});

export const transactionErrors = defineErrors('transactions', {
  XID_IN_USE: {
    kind: 'conflict',
    title: 'The transaction id is in use for another phone number or an expired token',
  },
});
