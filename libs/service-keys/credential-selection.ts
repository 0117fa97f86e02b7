import type { EpochMilliseconds } from '#core';

import type { AuthType } from './auth-types.js';
import type { CredentialState } from './lifecycle.js';

/** Which credentials of a tenant are meant; what is absent does not restrict. */
export interface CredentialSelection {
  readonly authType?: AuthType | undefined;
  /** The effective state. */
  readonly state?: CredentialState | undefined;
  readonly serviceId?: string | undefined;
  /** A contact of their service. */
  readonly owner?: string | undefined;
  /** The whole name. */
  readonly name?: string | undefined;
  readonly expiresBefore?: EpochMilliseconds | undefined;
  /** Older than this: a rotation that is begun again leaves out what the first one made. */
  readonly createdBefore?: EpochMilliseconds | undefined;
  /** No request used it since; one that was never used counts from its creation. */
  readonly unusedSince?: EpochMilliseconds | undefined;
}

/** What a rotation of many credentials can be restricted by; it rotates active ones only. */
export type RotationSelection = Omit<CredentialSelection, 'state'>;
