import { defineEvents } from '#core';

export const profileEvents = defineEvents('token_profile', {
  created: 'A token profile was created',
  changed: 'A token profile was changed',
  deleted: 'A token profile was deleted',
  system_user_stored: 'A system user token was stored with a token profile, sealed',
  system_user_removed: 'The stored system user token of a token profile was removed',
});

export const tokenEvents = defineEvents('token', {
  issued: 'A token was issued; this event was on disk before the token was returned',
  repeated: 'An unexpired token was returned again, for its transaction id or for the idempotency key of its request',
  verified: 'A token was verified; `details.code` has the result',
  diagnosed: 'A failing token was diagnosed; `details.causes` lists the causes',
});
