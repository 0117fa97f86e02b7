import { defineEvents } from '#core';

export const identityProviderEvents = defineEvents('identity_provider', {
  created: 'An identity provider was created: people can sign in through it',
  changed: 'An identity provider was changed',
  deleted: 'An identity provider was deleted: the sessions that it started ended',
  linked: 'A person signed in through an identity provider for the first time: their account accepts it from now on',
  refused:
    'A sign-in through an identity provider was rejected; recorded immediately the first time, then once a minute with the number of attempts',
});
