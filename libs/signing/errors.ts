import { defineErrors } from '#core';

export const profileErrors = defineErrors('token-profiles', {
  PROFILE_NAME_TAKEN: { kind: 'conflict', title: 'Another token profile of the tenant has this name' },
  KEY_DOES_NOT_SUIT_FORMAT: { kind: 'unprocessable', title: 'The format does not sign with a key of this algorithm' },
  CERTIFICATE_NOT_USABLE: { kind: 'conflict', title: 'The certificate is not valid now' },
  PROFILE_IN_USE: { kind: 'conflict', title: 'Services were granted the token profile by its name' },
  PROFILE_NOT_GRANTED: { kind: 'forbidden', title: 'The service was not granted this token profile' },
  AMBIGUOUS_PROFILE: { kind: 'invalid', title: 'Several token profiles could be meant: name one with `profile`' },
});

export const transactionErrors = defineErrors('transactions', {
  XID_IN_USE: {
    kind: 'conflict',
    title: 'The transaction id belongs to another phone number, or to a token that has expired',
  },
});
