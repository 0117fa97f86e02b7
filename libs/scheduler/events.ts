import { defineEvents } from '#core';

export const clockEvents = defineEvents('clock', {
  jumped: 'The clock of a host jumped forward: what cannot be undone is paused until the clock is confirmed',
  set_back: 'The clock of a host was set back: the latest instant before that is used until the clock has caught up',
  confirmed: 'The clock was confirmed: what was paused goes on',
});
