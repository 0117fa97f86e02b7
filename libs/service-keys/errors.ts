import { type DomainError, defineErrors } from '#core';

export const serviceErrors = defineErrors('services', {
  SERVICE_NAME_TAKEN: { kind: 'conflict', title: 'The service name is already in use' },
});

export const credentialErrors = defineErrors('credentials', {
  LAST_ACTIVE_CREDENTIAL: {
    kind: 'conflict',
    title: 'This is the last active credential of its type',
  },
  INACTIVE_CREDENTIAL_EXISTS: {
    kind: 'conflict',
    title: 'Another credential of this type is inactive; reactivate or delete it first',
  },
  CREDENTIAL_LIMIT_REACHED: { kind: 'conflict', title: 'Credential limit reached' },
  NOT_REVEALABLE: { kind: 'conflict', title: 'The secret cannot be revealed' },
});

export const trustErrors = defineErrors('trusts', {
  TRUST_LIMIT_REACHED: { kind: 'conflict', title: 'The service has too many trusts; delete one first' },
  SUBJECT_TOKEN_REJECTED: { kind: 'invalid', title: 'The subject token is not accepted for this service' },
});

export const credentialRotationErrors = defineErrors('credential-rotations', {
  NO_CREDENTIALS_SELECTED: { kind: 'conflict', title: 'The filter selects no active credential' },
  ROTATION_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Too many credentials in one rotation, or too many simultaneous rotations',
  },
});

/** Whether a credential was rejected for what became of it, rather than for who uses it. */
export const isRejectedCredential = ({ code }: DomainError): boolean =>
  code === callerErrors.CREDENTIAL_INACTIVE.code ||
  code === callerErrors.CREDENTIAL_EXPIRED.code ||
  code === callerErrors.CREDENTIAL_COMPROMISED.code;

export const callerErrors = defineErrors('callers', {
  CREDENTIAL_INACTIVE: { kind: 'unauthenticated', title: 'The credential was discarded' },
  CREDENTIAL_EXPIRED: { kind: 'unauthenticated', title: 'The credential has expired' },
  CREDENTIAL_COMPROMISED: { kind: 'unauthenticated', title: 'The credential is marked as compromised' },
  IP_NOT_ALLOWED: { kind: 'forbidden', title: 'The source address is not allowed for this service' },
});
