import { defineEvents } from '#core';

export const keyEvents = defineEvents('key', {
  generated: 'A key was generated; its first version signs from now on',
});
