import { defineEvents } from '#core';

export const expirationEvents = defineEvents('expiration', {
  announced: 'An item of the calendar is due soon: it will expire, rotate, begin or be destroyed on the given day',
});

export const webhookEvents = defineEvents('webhook', {
  created: 'A webhook was created: events of the history are sent to its URL',
  changed: "A webhook's URL or actions were changed",
  secret_rotated: "A webhook's secret was rotated; the previous one also signs until the overlap ends",
  secret_repeated: "A webhook's secret was shown again to a repetition of the request that created it",
  enabled: 'A disabled webhook was enabled: later events are sent',
  disabled: 'A webhook was disabled by a member: nothing is sent to it',
  failed: 'A webhook was disabled because every attempt failed for days or because its receiver returned 410',
  deliveries_given_up:
    'Deliveries were given up after waiting for 30 days, because the webhook was disabled or its tenant was suspended',
  redelivered: 'A member requested a delivery again',
  deleted: 'A webhook was deleted with its secrets',
});
