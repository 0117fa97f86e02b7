import { defineEvents } from '#core';

export const mailEvents = defineEvents('mail', {
  dropped: 'An e-mail was not sent: what it tells was of no use any more before the mail server took it',
});
