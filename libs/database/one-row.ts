import type { EntityMetadata } from 'typeorm';

import type { EntityClass } from './ownership.js';
import type { Place } from './statements.js';
import type { Statement } from './transaction-plan.js';

// The query that transactions consist of: the row whose columns have these values. TypeORM composes the statement of each
// anew, which takes four times as long as to carry it out.

/** The rest of a statement: its end is all that depends on the lock. */
const statements = new WeakMap<EntityMetadata, Map<string, string>>();

const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);

/**
 * The statement for the one row whose columns have these values.
 * @param lock what ends the statement
 * @returns `undefined` for a condition that holds anything else (operators, alternatives): TypeORM composes its statement
 */
export function oneRowStatement(
  { source, dialect }: Place,
  entity: EntityClass,
  where: object,
  lock: string,
): Statement | undefined {
  if (Array.isArray(where)) return undefined;
  const metadata = source.getMetadata(entity);
  const names = Object.keys(where);
  const parameters: unknown[] = [];
  for (const name of names) {
    const value = (where as Record<string, unknown>)[name];
    const column = metadata.findColumnWithPropertyName(name);
    if (column === undefined || !PLAIN.has(typeof value)) return undefined;
    parameters.push(source.driver.preparePersistentValue(value, column));
  }
  const place = `${names.join()}${lock}`;
  let known = statements.get(metadata);
  if (!known) statements.set(metadata, (known = new Map()));
  let statement = known.get(place);
  if (statement === undefined) {
    const columns = metadata.columns.map(({ databaseName }) => dialect.quote(databaseName)).join(', ');
    const conditions = names.map(
      (name) => `${dialect.quote(metadata.findColumnWithPropertyName(name)!.databaseName)} = ?`,
    );
    statement = `SELECT ${columns} FROM ${dialect.quote(metadata.tableName)} WHERE ${conditions.join(' AND ')} LIMIT 1${lock}`;
    known.set(place, statement);
  }
  return { statement, parameters };
}

/** The entity of a row, as TypeORM makes it. @param raw by the names of its columns */
export function entityOf<Row extends object>(
  { source }: Place,
  entity: EntityClass<Row>,
  raw: Readonly<Record<string, unknown>>,
): Row {
  const metadata = source.getMetadata(entity);
  const row = metadata.create() as Row;
  for (const column of metadata.columns) {
    column.setEntityValue(row, source.driver.prepareHydratedValue(raw[column.databaseName], column));
  }
  return row;
}
