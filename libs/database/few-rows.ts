import { type EntityMetadata, FindOperator } from 'typeorm';

import type { EntityClass } from './ownership.js';
import type { Place } from './statements.js';
import type { Statement } from './transaction-plan.js';

// Simple queries of transactions: rows whose columns have given values. TypeORM builds the statement of each query again, which
// takes four times as long as executing it.

/** The rest of a statement: its end is all that depends on the lock. */
const statements = new WeakMap<EntityMetadata, Map<string, string>>();

const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);
const isPlain = (value: unknown): boolean => PLAIN.has(typeof value);

/** The operators of TypeORM that compare a column with one value. */
const COMPARISONS: Readonly<Record<string, string>> = {
  not: '!=',
  lessThan: '<',
  lessThanOrEqual: '<=',
  moreThan: '>',
  moreThanOrEqual: '>=',
};
/** Longer lists are rare, and each length needs its own statement. */
const LIST_MAX = 16;

interface Comparison {
  /** What follows the column. */
  readonly text: string;
  readonly values: readonly unknown[];
}

/** `undefined` for conditions that only TypeORM supports. */
function comparisonWith(value: unknown): Comparison | undefined {
  if (isPlain(value)) return { text: '= ?', values: [value] };
  if (!(value instanceof FindOperator) || value.child !== undefined) return undefined;
  const compared: unknown = value.value;
  const comparison = COMPARISONS[value.type];
  if (comparison !== undefined && isPlain(compared)) return { text: `${comparison} ?`, values: [compared] };
  const isList = value.type === 'in' && Array.isArray(compared) && compared.length > 0 && compared.length <= LIST_MAX;
  if (!isList || !compared.every(isPlain)) return undefined;
  return { text: `IN (${compared.map(() => '?').join(', ')})`, values: compared };
}

/**
 * The statement for the rows whose columns have these values, in no particular order.
 * @param end what ends the statement: how many, and the lock
 * @returns `undefined` for a condition that holds anything else (other operators, alternatives, none): TypeORM composes its statement
 */
export function comparingStatement(
  { source, dialect }: Place,
  entity: EntityClass,
  where: object,
  end: string,
): Statement | undefined {
  if (Array.isArray(where)) return undefined;
  const metadata = source.getMetadata(entity);
  const names = Object.keys(where);
  if (names.length === 0) return undefined;
  const parameters: unknown[] = [];
  const texts: string[] = [];
  for (const name of names) {
    const comparison = comparisonWith((where as Record<string, unknown>)[name]);
    const column = metadata.findColumnWithPropertyName(name);
    if (column === undefined || comparison === undefined) return undefined;
    for (const value of comparison.values) parameters.push(source.driver.preparePersistentValue(value, column));
    texts.push(comparison.text);
  }
  const place = `${names.join()}:${texts.join()}${end}`;
  let known = statements.get(metadata);
  if (!known) statements.set(metadata, (known = new Map()));
  let statement = known.get(place);
  if (statement === undefined) {
    const columns = metadata.columns.map(({ databaseName }) => dialect.quote(databaseName)).join(', ');
    const conditions = names.map(
      (name, index) => `${dialect.quote(metadata.findColumnWithPropertyName(name)!.databaseName)} ${texts[index]}`,
    );
    statement = `SELECT ${columns} FROM ${dialect.quote(metadata.tableName)} WHERE ${conditions.join(' AND ')}${end}`;
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
