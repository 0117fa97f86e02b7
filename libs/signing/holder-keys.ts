import type { KeyObject } from 'node:crypto';

import type { AlgorithmName } from '#crypto';
import type { View } from '#database';

/** The key that a certificate certifies, and whether the certificate may be relied on now. */
export interface HolderKey {
  readonly kid: string;
  readonly tenantId: string;
  /** The service that the certificate was issued to; `null` for one that belongs to the tenant alone. */
  readonly serviceId: string | null;
  /** The name in the certificate, for the history. */
  readonly subject: string;
  readonly algorithm: AlgorithmName;
  readonly verifyingKey: KeyObject;
  readonly state: 'valid' | 'revoked' | 'expired' | 'not_yet_valid';
}

/** Finds certificates by the `kid` that tokens name them by; never by what a token itself brings along. */
export abstract class HolderKeys {
  /** A step: the certificate within the reach of the view, in whatever state it is. */
  abstract find(view: View, kid: string): Promise<HolderKey | undefined>;
}
