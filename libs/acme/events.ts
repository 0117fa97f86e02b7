import { defineEvents } from '#core';

export const acmeBindingEvents = defineEvents('acme_binding', {
  created: 'A key for an external account binding was created',
  key_repeated: 'The key of an external account binding was shown again to a repetition of the request that created it',
  use_refused:
    'An invalid external account binding was used; recorded immediately the first time, then once a minute with the number of uses',
  deleted: 'A key for an external account binding was deleted before it was used',
});

export const acmeAccountEvents = defineEvents('acme_account', {
  created: 'An ACME account was created and bound to a service',
  changed: 'The contacts of an ACME account were changed',
  key_changed: 'The key of an ACME account was replaced',
  use_refused:
    'A request of an ACME account was rejected: the account has ended, the name is not permitted, or the resource belongs to another account; recorded immediately the first time, then once a minute with the number of requests',
  deactivated: 'An ACME account was deactivated by its holder',
  revoked: 'An ACME account was revoked by a member',
});

export const acmeOrderEvents = defineEvents('acme_order', {
  created: 'A certificate was ordered through ACME',
  finalized: 'The certificate of an ACME order was issued',
  failed: 'An ACME order failed because control of a name was not proven',
});

export const acmeAuthorizationEvents = defineEvents('acme_authorization', {
  validated: 'Control of a name was proven by an ACME challenge',
  failed: 'Control of a name was not proven by an ACME challenge',
  deactivated: 'An ACME authorization was deactivated by its holder',
});
