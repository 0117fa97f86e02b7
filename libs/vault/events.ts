import { defineEvents } from '#core';

export const dataKeyEvents = defineEvents('data_key', {
  rewrapped: 'A data key was wrapped anew by the current master key; nothing else changed',
  rotated: "A tenant's next data key was made: it seals from now on, the earlier ones still open",
  destroyed: 'An earlier data key was destroyed, because nothing is sealed with it any more',
});
