import { defineEvents } from '#core';

export const factorEvents = defineEvents('factor', {
  enrolled: 'A user confirmed a second factor; sign-ins ask for one from then on',
  removed: 'A user deleted a second factor',
  reset: 'All second factors of an account were deleted by another person; all its sessions ended',
  recovery_codes_made: 'A user received new recovery codes; the previous ones are no longer accepted',
  recovery_code_used: 'A recovery code was used in place of a second factor',
});
