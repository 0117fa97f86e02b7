import type { Tx, View } from '#database';

/** Who would notice that a key signs no more. */
export interface UsersOfKey {
  /** Names of the token profiles that sign with it. */
  readonly profiles: readonly string[];
  /** Names of the services that were granted one of those profiles. */
  readonly services: readonly string[];
}

/** Implemented by higher layers to report what uses a key. */
export abstract class KeyUsers {
  abstract usersOf(view: View, keyId: string): Promise<UsersOfKey>;
}

/** What a compromise of a key would revoke. */
export interface CertifiedByKey {
  /** `kid`s of certificates of the key. */
  readonly certificates: readonly string[];
  /** Ids of the authorities that have the key, and of those below them; what they issued is revoked as well. */
  readonly authorities: readonly string[];
}

/** What certifies a key is a library above this one, too: it must revoke when the key is compromised. */
export abstract class KeyCertificates {
  /** A step: what of the tenant a compromise of this key would revoke. */
  abstract affectedBy(view: View, publicKeyHash: string): Promise<CertifiedByKey>;

  /** A step: revokes them, and any authority that has the key, for `keyCompromise`, in the transaction of the compromise. */
  abstract revokeAll(tx: Tx, publicKeyHash: string): Promise<void>;
}
