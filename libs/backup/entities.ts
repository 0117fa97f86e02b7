import { Entity } from 'typeorm';

import { IdColumn, InstallationOwned, InstantColumn, VarcharColumn } from '#database';

/** One restoration of the database from a backup. It comes into being in the transaction that restores the rows. */
@Entity('restorations')
@InstallationOwned()
export class Restoration {
  @IdColumn() id: string;
  /** When the backup was made: what happened later is lost. */
  @InstantColumn() takenAt: number;
  @InstantColumn() restoredAt: number;
  @VarcharColumn(64) backupSha256: string;
  /** When every library had done what a restoration asks of it; `null` before. */
  @InstantColumn({ nullable: true }) completedAt: number | null;
}
