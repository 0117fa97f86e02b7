import type { EpochMilliseconds } from '#core';
import type { Tx, View } from '#database';

/** Who depends on a key. */
export interface UsersOfKey {
  /** Names of the token profiles that sign with it. */
  readonly profiles: readonly string[];
  /** Names of the services that were granted one of those profiles. */
  readonly services: readonly string[];
}

/** A service that signed with a key through a token profile. */
export interface KeyUse {
  /** The `kid` of the tokens. */
  readonly kid: string;
  /** Name of the token profile. */
  readonly profile: string;
  /** `null` if the profile issued the tokens to users without a service. */
  readonly service: { readonly id: string; readonly name: string } | null;
  /** Number of tokens. */
  readonly tokens: number;
  readonly firstUsedAt: EpochMilliseconds;
  readonly lastUsedAt: EpochMilliseconds;
}

/** Implemented by higher layers to report what uses a key. */
export abstract class KeyUsers {
  abstract usersOf(view: View, keyId: string): Promise<UsersOfKey>;

  /** Who signed with it, latest first. */
  abstract usesOf(view: View, keyId: string, limit: number): Promise<readonly KeyUse[]>;
}

/** What a compromise of a key would revoke. */
export interface CertifiedByKey {
  /** `kid`s of certificates of the key. */
  readonly certificates: readonly string[];
  /** Ids of the authorities with the key and of those below them; all their certificates are revoked too. */
  readonly authorities: readonly string[];
}

/** Implemented by the library of certificates, which must revoke the certificates of a compromised key. */
export abstract class KeyCertificates {
  /** A step: what a compromise of this key would revoke in the tenant. */
  abstract affectedBy(view: View, publicKeyHash: string): Promise<CertifiedByKey>;

  /** A step: revokes them, and any authority that has the key, for `keyCompromise`, in the transaction of the compromise. */
  abstract revokeAll(tx: Tx, publicKeyHash: string): Promise<void>;
}
