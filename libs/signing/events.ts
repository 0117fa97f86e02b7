import { defineEvents } from '#core';

export const profileEvents = defineEvents('token_profile', {
  created: 'A token profile was created',
  changed: 'A token profile was changed',
  deleted: 'A token profile was deleted',
});

export const tokenEvents = defineEvents('token', {
  issued: 'A token was issued; this event was durable before the token left',
  repeated: 'The token of a transaction was given out again while it lives',
  verified: 'A token was verified; `details.code` says with what result',
  diagnosed: 'A failing token was examined; `details.causes` says with what result',
});
