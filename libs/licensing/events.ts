import { defineEvents } from '#core';

export const licenseEvents = defineEvents('license', {
  updated: 'A signed request created a new revision of an entitlement',
  refused: 'A signed request to update an entitlement was rejected; `details.code` has the reason',
});
