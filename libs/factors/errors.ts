import { defineErrors } from '#core';

export const factorErrors = defineErrors('factors', {
  FACTOR_LIMIT_REACHED: { kind: 'conflict', title: 'The account has too many second factors; delete one first' },
  FACTOR_INVALID: { kind: 'forbidden', title: 'The second factor was not accepted' },
  PASSKEYS_UNAVAILABLE: {
    kind: 'unprocessable',
    title: 'Passkeys require https with a domain name, or a browser on the same machine',
  },
  SECOND_FACTOR_REQUIRED: { kind: 'forbidden', title: 'A second factor is required' },
});
