import { defineEvents } from '#core';

export const mailEvents = defineEvents('mail', {
  dropped: 'An e-mail was not sent because it became obsolete before the mail server accepted it',
});
