import { defineEvents } from '#core';

export const licenseEvents = defineEvents('license', {
  updated: 'An entitlement got a new revision by a signed request',
  refused: 'A signed request to update an entitlement was refused; `details.code` says why',
});
