import { defineErrors } from '#core';

export const identityProviderErrors = defineErrors('identity-providers', {
  IDENTITY_PROVIDER_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'There are too many identity providers; delete one first',
  },
  SIGN_IN_EXPIRED: { kind: 'unauthenticated', title: 'The sign-in is unknown, used or expired; start again' },
  IDENTITY_REJECTED: { kind: 'unauthenticated', title: "The identity provider's response was not accepted" },
  IDENTITY_NOT_ADMITTED: {
    kind: 'forbidden',
    title: 'The identity provider identified the person, but the person is not permitted to sign in',
  },
});
