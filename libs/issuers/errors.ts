import { defineErrors } from '#core';

export const issuerErrors = defineErrors('issuers', {
  ISSUER_UNUSABLE: {
    kind: 'unprocessable',
    title: 'The issuer does not answer as OpenID Connect Discovery requires',
  },
});
