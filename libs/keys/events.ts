import { defineEvents } from '#core';

export const keyEvents = defineEvents('key', {
  generated: 'A key was generated; its first version signs from now on',
  imported: 'A key from outside was imported; its first version signs from now on',
  exported: 'The private half of a version, or a secret, left the installation',
});
