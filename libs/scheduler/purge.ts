import type { EpochMilliseconds, PlatformScope } from '#core';
import { type Database, type EntityClass, In, type Where } from '#database';

import { DueItems, type DueList } from './due-items.js';

/** Old rows of one entity that are removed without an event. */
interface PurgeWork<Row> {
  /** The noun, for logs. */
  readonly kind: string;
  readonly scope: PlatformScope;
  readonly entity: new () => Row;
  /** The primary key: `id` unless said otherwise. */
  readonly key?: keyof Row & string;
  readonly where: (now: EpochMilliseconds) => Where<Row>;
  /** The column with the instant since which a row is old. */
  readonly dueColumn: keyof Row & string;
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
  const { kind, scope, entity, key = 'id' as keyof Row & string, where, dueColumn, reason, shown } = work;
  const remove = (rows: readonly Row[]): Promise<void> =>
    database.platform(scope, async (tx) => {
      tx.housekeeping(reason);
      const conditions = [where(tx.confirmed)].flat() as object[];
      const among = { [key]: In(rows.map((row) => row[key])) };
      await tx.delete(entity as EntityClass<Row>, conditions.map((old) => ({ ...old, ...among })) as Where<Row>);
    });
  return new DueItems<Row>(database, {
    kind,
    scope,
    entity,
    key,
    lists: [{ where, dueColumn }],
    shown,
    handle: (row) => remove([row]),
    handleTogether: remove,
  });
}
