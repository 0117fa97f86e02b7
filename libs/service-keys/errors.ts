import { defineErrors } from '#core';

export const serviceErrors = defineErrors('services', {
  SERVICE_NAME_TAKEN: { kind: 'conflict', title: 'Another service of the tenant has this name' },
});

export const credentialErrors = defineErrors('credentials', {
  LAST_ACTIVE_CREDENTIAL: {
    kind: 'conflict',
    title: 'At least one credential of each type stays active: this is the last one',
  },
  INACTIVE_CREDENTIAL_EXISTS: {
    kind: 'conflict',
    title: 'At most one credential of each type is inactive: reactivate or delete that one first',
  },
  CREDENTIAL_LIMIT_REACHED: { kind: 'conflict', title: 'The service has as many live credentials as it may' },
  NOT_REVEALABLE: { kind: 'conflict', title: 'The secret cannot be shown' },
});

export const callerErrors = defineErrors('callers', {
  CREDENTIAL_INACTIVE: { kind: 'unauthenticated', title: 'The credential was discarded' },
  CREDENTIAL_EXPIRED: { kind: 'unauthenticated', title: 'The credential has expired' },
  CREDENTIAL_COMPROMISED: { kind: 'unauthenticated', title: 'The credential was marked as compromised' },
  IP_NOT_ALLOWED: { kind: 'forbidden', title: 'The service may not call from this address' },
});
