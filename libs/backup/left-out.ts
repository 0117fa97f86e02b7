import type { EpochMilliseconds } from '#core';
import type { TableRows } from '#database';

/** A month of a history whose personal fields were erased after the backup was made. */
export interface LeftOut {
  readonly tenantId: string;
  /** `YYYY-MM` */
  readonly month: string;
}

const MONTHS = 'history_months';

/**
 * The same rows without the keys of these months. The row stays, erased at the instant of the restoration: by it the event is
 * recorded that says so.
 */
export async function* withoutMonths(
  tables: AsyncIterable<TableRows>,
  months: readonly LeftOut[],
  restoredAt: EpochMilliseconds,
): AsyncGenerator<TableRows> {
  const wanted = new Set(months.map(({ tenantId, month }) => `${tenantId} ${month}`));
  for await (const batch of tables) {
    if (batch.table !== MONTHS || wanted.size === 0) {
      yield batch;
      continue;
    }
    const place = (column: string): number => batch.columns.indexOf(column);
    const [tenantId, month, sealedKey, erasedAt] = ['tenantId', 'month', 'sealedKey', 'erasedAt'].map(place) as [
      number,
      number,
      number,
      number,
    ];
    const rows = batch.rows.map((row) =>
      row[erasedAt] === null && wanted.has(`${String(row[tenantId])} ${String(row[month])}`)
        ? row.with(sealedKey, null).with(erasedAt, restoredAt)
        : row,
    );
    yield { ...batch, rows };
  }
}
