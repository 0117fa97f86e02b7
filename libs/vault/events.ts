import { defineEvents } from '#core';

export const dataKeyEvents = defineEvents('data_key', {
  rewrapped: 'A data key was re-wrapped with the current master key',
  rotated: 'A new data key was created for a tenant; earlier data keys still decrypt',
  destroyed: 'An earlier data key was destroyed because nothing is encrypted with it',
});
