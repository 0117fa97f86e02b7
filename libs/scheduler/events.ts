import { defineEvents } from '#core';

export const clockEvents = defineEvents('clock', {
  jumped: "A host's clock jumped forward: irreversible actions are paused until the clock is confirmed",
  set_back: "A host's clock was set back: the latest earlier time is used until the clock has caught up",
  confirmed: 'The clock was confirmed: paused actions continue',
});
