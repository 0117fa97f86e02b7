import { Entity } from 'typeorm';

import {
  IdColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  VarcharColumn,
} from '#database';

/** A tenant's data-encryption key, wrapped by the master key. Destroying it makes all that it sealed unreadable. */
@Entity('data_keys')
@InstallationOwned()
export class WrappedDataKey {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  /** The version that blobs name; the highest one seals, the others only open. */
  @IntegerColumn() number: number;
  /** `null` once destroyed. */
  @SealedColumn({ nullable: true }) wrapped: Buffer | null;
  @VarcharColumn(64) keyEncryptionKeyId: string;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) destroyedAt: number | null;
}

/** A secret of the installation itself: the canary, the session key, the pepper of service keys. */
@Entity('installation_secrets')
@InstallationOwned()
export class InstallationSecret {
  @KeyColumn(64) name: string;
  @SealedColumn() sealedValue: Buffer;
  @InstantColumn() createdAt: number;
}
