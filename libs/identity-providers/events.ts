import { defineEvents } from '#core';

export const identityProviderEvents = defineEvents('identity_provider', {
  created: 'An identity provider was created: people can sign in by it',
  changed: 'An identity provider was changed',
  deleted: 'An identity provider was deleted: the sessions that began by it ended',
  linked: 'A person signed in by an identity provider for the first time: their account accepts it from now on',
  refused:
    'A sign-in by an identity provider was rejected; recorded at the first attempt, then once a minute with the number of attempts',
});
