import { Entity } from 'typeorm';

import { IdColumn, InstallationOwned, InstantColumn, ReferenceColumn, VarcharColumn } from '#database';

/**
 * A private key that was made in a store and is not known to be destroyed. The row is written before the key is made and deleted
 * after the key is destroyed, so that no key is ever left without a trace.
 */
@Entity('key_store_objects')
@InstallationOwned()
export class StoredObject {
  /** Of the key version, authority or log key that it is of. */
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  /** The name of the store in the settings. */
  @VarcharColumn(32) store: string;
  @InstantColumn() createdAt: number;
  /** From then on it is destroyed: nothing refers to it any more, or nothing did in time. `null` while something does. */
  @InstantColumn({ nullable: true }) destroyAt: number | null;
}
