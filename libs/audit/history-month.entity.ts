import { Entity } from 'typeorm';

import { IdColumn, InstantColumn, ReferenceColumn, SealedColumn, TenantOwned, VarcharColumn } from '#database';
import { sealedColumn } from '#vault';

/** A calendar month (UTC) of a history, with the key of the personal fields of its events. */
@Entity('history_months')
@TenantOwned()
export class HistoryMonth {
  @IdColumn() id: string;
  /** The tenant, or the installation. */
  @ReferenceColumn() tenantId: string;
  /** `YYYY-MM` */
  @VarcharColumn(16) month: string;
  /** The first instant after it. */
  @InstantColumn() endsAt: number;
  /** `null` after it was destroyed: the personal fields are erased. */
  @SealedColumn({ nullable: true }) sealedKey: Buffer | null;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) erasedAt: number | null;
}

export const monthKeys = sealedColumn(HistoryMonth, { purpose: 'history-month-key', column: 'sealedKey' });
