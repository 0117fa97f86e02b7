import { defineErrors } from '#core';

export const identityProviderErrors = defineErrors('identity-providers', {
  IDENTITY_PROVIDER_LIMIT_REACHED: { kind: 'conflict', title: 'There are too many identity providers; delete one' },
  SIGN_IN_EXPIRED: { kind: 'unauthenticated', title: 'The sign-in is unknown, used or expired; begin again' },
  IDENTITY_REJECTED: { kind: 'unauthenticated', title: 'The answer of the identity provider is not accepted' },
  IDENTITY_NOT_ADMITTED: {
    kind: 'forbidden',
    title: 'The identity provider is trusted, and the person is not admitted',
  },
});
