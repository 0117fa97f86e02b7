import { Entity } from 'typeorm';

import type { AlgorithmName, PublicJwk } from '#crypto';
import {
  BooleanColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  TenantResource,
  TenantRow,
  VarcharColumn,
  VersionColumn,
} from '#database';

import { type KeyState, type KeyVersionState, keyLifecycle, keyVersionLifecycle } from './lifecycle.js';

@Entity('keys')
export class Key extends TenantResource {
  @VarcharColumn(100) name: string;
  /** The name, and after the deletion the id: the column of the unique index. */
  @VarcharColumn(100) liveName: string;
  @StateColumn(keyLifecycle) state: KeyState;
  @VarcharColumn(16) algorithm: AlgorithmName;
  /** RSA only. */
  @IntegerColumn({ nullable: true }) modulusBits: number | null;
  /** Encoding of an imported secret; `null` for generated and asymmetric keys. */
  @VarcharColumn(16, { nullable: true }) secretEncoding: 'text' | 'base64' | null;
  /** The key store that creates its versions; `null` if they are sealed in the database. */
  @VarcharColumn(32, { nullable: true }) keyStore: string | null;
  @VarcharColumn(16) origin: 'generated' | 'imported';
  @BooleanColumn() exportable: boolean;
  /** Imported although weaker than new keys must be; signs and verifies vendor formats only, never authenticates callers. */
  @BooleanColumn() weak: boolean;
  @IntegerColumn({ nullable: true }) rotateEverySeconds: number | null;
  /** When the next version must be published so that it can sign in time; `null` without a rotation schedule. */
  @InstantColumn({ nullable: true }) nextRotationAt: number | null;
  /** E-mail addresses of its contacts; `null` means none. */
  @JsonColumn({ nullable: true }) contacts: readonly string[] | null;
  @InstantColumn({ nullable: true }) deletedAt: number | null;
  /** A deleted key can be restored until then; afterwards its key material is destroyed. */
  @InstantColumn({ nullable: true }) destroysAt: number | null;
  /** When a token was last signed with it. */
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
}

@Entity('key_versions')
export class KeyVersion extends TenantRow {
  @ReferenceColumn() keyId: string;
  /** Key ID (`kid`) of the version; unique in the tenant. */
  @VarcharColumn(128) kid: string;
  @IntegerColumn() number: number;
  @StateColumn(keyVersionLifecycle) state: KeyVersionState;
  /** `null` for shared secrets. */
  @JsonColumn({ nullable: true }) publicJwk: PublicJwk | null;
  /** PKCS#8 or the secret's bytes, sealed; `null` after it was destroyed, and if it is in a key store. */
  @SealedColumn({ nullable: true }) sealedPrivate: Buffer | null;
  /** The key store that has its private key, under the id of the version. */
  @VarcharColumn(32, { nullable: true }) keyStore: string | null;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) activatesAt: number | null;
  @InstantColumn({ nullable: true }) activatedAt: number | null;
  /** Its successor takes over at this instant; it signs until then. */
  @InstantColumn({ nullable: true }) retiresAt: number | null;
  @InstantColumn({ nullable: true }) retiredAt: number | null;
  @InstantColumn({ nullable: true }) destroyedAt: number | null;
  @InstantColumn({ nullable: true }) compromisedAt: number | null;
  /** The latest expiry of a token that this version signed. */
  @InstantColumn({ nullable: true }) lastTokenExpiresAt: number | null;
  @VersionColumn() version: number;
}

/**
 * A key that one of its owners reported as compromised. The whole installation rejects it in every form. Rows are never
 * deleted.
 */
@Entity('compromised_keys')
@InstallationOwned()
export class CompromisedKey {
  /** Made by `KeyFingerprints`. */
  @KeyColumn(64) fingerprint: string;
  /** The tenant; not shown to others. */
  @ReferenceColumn() reportedBy: string;
  @InstantColumn() reportedAt: number;
}
