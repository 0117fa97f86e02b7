import { defineErrors } from '#core';

export const issuerErrors = defineErrors('issuers', {
  ISSUER_UNUSABLE: {
    kind: 'unprocessable',
    title: 'The issuer does not support OpenID Connect Discovery',
  },
});
