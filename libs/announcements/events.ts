import { defineEvents } from '#core';

export const expirationEvents = defineEvents('expiration', {
  announced: 'Something of the calendar will happen: it expires, is rotated, begins or is destroyed on the named day',
});

export const webhookEvents = defineEvents('webhook', {
  created: 'A webhook was created: events of the history are sent to its URL',
  changed: "A webhook's URL or actions were changed",
  secret_rotated: 'A webhook got a new secret; the former one also signs until its overlap ends',
  secret_repeated: 'The secret of a webhook was shown again to the request that created it, by its idempotency key',
  enabled: 'A disabled webhook was enabled: events from then on are sent',
  disabled: 'A webhook was disabled by a member: nothing is sent to it',
  failed: 'A webhook was disabled because every attempt failed for days, or because its receiver answered 410',
  deliveries_given_up:
    'Deliveries of a webhook that had waited for 30 days, while it was disabled or its tenant was suspended, were given up',
  redelivered: 'A delivery of a webhook was requested again by a member',
  deleted: 'A webhook was deleted with its secrets',
});
