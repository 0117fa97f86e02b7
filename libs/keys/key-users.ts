import type { EpochMilliseconds } from '#core';
import type { Tx, View } from '#database';

/** Who would notice that a key signs no more. */
export interface UsersOfKey {
  /** Names of the token profiles that sign with it. */
  readonly profiles: readonly string[];
  /** Names of the services that were granted one of those profiles. */
  readonly services: readonly string[];
}

/** A service that signed with a key, by a token profile. */
export interface KeyUse {
  /** The `kid` of the tokens. */
  readonly kid: string;
  /** Name of the token profile. */
  readonly profile: string;
  /** `null` where the profile admits users who are no service. */
  readonly service: { readonly id: string; readonly name: string } | null;
  /** How many tokens. */
  readonly tokens: number;
  readonly firstUsedAt: EpochMilliseconds;
  readonly lastUsedAt: EpochMilliseconds;
}

/** Implemented by higher layers to report what uses a key. */
export abstract class KeyUsers {
  abstract usersOf(view: View, keyId: string): Promise<UsersOfKey>;

  /** What signed with it, the latest first. */
  abstract usesOf(view: View, keyId: string, limit: number): Promise<readonly KeyUse[]>;
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
