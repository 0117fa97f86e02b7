import type { EpochMilliseconds, PlatformScope } from '#core';
import { type Database, type EntityClass, In, type KeysetOrder, type Where } from '#database';

import { DueItems, type DueList } from './due-items.js';

/** Old rows of one entity that are removed without an event. */
export interface PurgeWork<Row> {
  /** The noun, for logs. */
  readonly kind: string;
  readonly scope: PlatformScope;
  readonly entity: new () => Row;
  /** The primary key. */
  readonly key: keyof Row & string;
  readonly where: (now: EpochMilliseconds) => Where<Row>;
  readonly order: KeysetOrder<Row>;
  /** Why their removal is no part of the history. */
  readonly reason: string;
  /** What happened long before, where people plan with it. */
  readonly shown?: readonly DueList<Row>[];
}

/**
 * Removes old rows in batches; a row that cannot be removed does not block the others. A row that no longer matches
 * when it would be removed, because it was used again meanwhile, stays.
 */
export function purge<Row extends object>(database: Database, work: PurgeWork<Row>): DueItems<Row> {
  const { kind, scope, entity, key, where, order, reason, shown } = work;
  const keyOf = (row: Row): string => String(row[key]);
  const remove = (rows: readonly Row[]): Promise<void> =>
    database.platform(scope, async (tx) => {
      tx.housekeeping(reason);
      const conditions = [where(tx.confirmed)].flat() as object[];
      const among = { [key]: In(rows.map(keyOf)) };
      await tx.delete(entity as EntityClass<Row>, conditions.map((old) => ({ ...old, ...among })) as Where<Row>);
    });
  return new DueItems<Row>(database, {
    kind,
    scope,
    entity,
    lists: [{ where, order }],
    shown,
    itemOf: keyOf,
    handle: (row) => remove([row]),
    handleTogether: remove,
  });
}
