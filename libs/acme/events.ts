import { defineEvents } from '#core';

export const acmeBindingEvents = defineEvents('acme_binding', {
  created: 'A key for the external account binding of an ACME account was made',
  key_repeated: 'The key of an external account binding was given again, to a repetition of the request that made it',
  use_refused:
    'An external account binding was used that is not valid; recorded at the first use, then once a minute with the number of uses',
  deleted: 'A key for an external account binding was deleted before it was used',
});

export const acmeAccountEvents = defineEvents('acme_account', {
  created: 'An ACME account was created and bound to a service',
  changed: 'The contacts of an ACME account were changed',
  key_changed: 'The key of an ACME account was replaced',
  use_refused:
    'A request of an ACME account was refused: of one that has ended, for a name that is not its own, or for what belongs to another account; recorded at the first, then once a minute with the number of requests',
  deactivated: 'An ACME account was deactivated by its holder',
  revoked: 'An ACME account was revoked by a member',
});

export const acmeOrderEvents = defineEvents('acme_order', {
  created: 'A certificate was ordered by ACME',
  finalized: 'The certificate of an ACME order was issued',
  failed: 'An ACME order failed, because control of a name was not proven',
});

export const acmeAuthorizationEvents = defineEvents('acme_authorization', {
  validated: 'Control of a name was proven by an ACME challenge',
  failed: 'Control of a name was not proven by an ACME challenge',
  deactivated: 'An ACME authorization was deactivated by its holder',
});
