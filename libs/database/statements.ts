import type { DataSource, EntityMetadata } from 'typeorm';

import type { EpochMilliseconds } from '#core';

import { hasBytes, safeInteger } from './columns.js';
import type { CounterPlace, Dialect, NewRows, NumberPlace } from './dialects.js';
import { NotPlanned } from './errors.js';
import type { KnownChange } from './known-rows.js';
import { type EntityClass, ownershipOf } from './ownership.js';
import { inParts } from './mysql-statements.js';
import type { ChangeStatement, Statement } from './transaction-plan.js';

// Statements that every transaction of many requests makes: what TypeORM does for each of them costs more than they do.

/** An instant in a row that is only ever raised. */
export interface RaisedInstant {
  readonly entity: EntityClass;
  readonly id: string;
  readonly column: string;
  readonly to: EpochMilliseconds;
}

/** Rows that are numbered for each tenant, without gaps and in the order of commits. */
export interface Series {
  readonly entity: EntityClass;
  /** The column of the number. */
  readonly number: string;
  /** Where it is written how many numbers each tenant has taken, and its column. */
  readonly counter: EntityClass;
  readonly count: string;
}

/** Where statements are made for: the metadata of the entities, and the words of the database. */
export interface Place {
  readonly source: DataSource;
  readonly dialect: Dialect;
}

/**
 * One number of each of several rows, as `key` and `number`.
 * @param keys primary keys
 * @param options.tenantId only rows of this tenant
 * @param options.lock what ends the statement
 */
export function numbersStatement(
  { source, dialect }: Place,
  entity: EntityClass,
  { keys, column }: { readonly keys: readonly string[]; readonly column: string },
  { tenantId, lock = '' }: { readonly tenantId?: string | null; readonly lock?: string } = {},
): Statement {
  const { table, key, number } = numberPlace({ source, dialect }, entity, column);
  const own = ofTenant(dialect, entity, tenantId);
  return {
    statement: `SELECT ${key} AS ${dialect.quote('key')}, ${number} AS number FROM ${table}
       WHERE ${key} IN (${keys.map(() => '?').join(', ')})${own.statement}${lock}`,
    parameters: [...keys, ...own.parameters],
  };
}

/** The place of one number of each row of an entity. */
export function numberPlace({ source, dialect }: Place, entity: EntityClass, column: string): NumberPlace {
  const { tableName, primaryColumns } = source.getMetadata(entity);
  const [table, key, number] = [tableName, primaryColumns[0]!.databaseName, column].map((name) => dialect.quote(name));
  return { table: table!, key: key!, number: number! };
}

/** What `numbersStatement` was answered. */
export const numbersIn = (rows: readonly Record<string, unknown>[]): ReadonlyMap<string, number> =>
  new Map(rows.map(({ key, number }) => [String(key), Number(number)]));

/**
 * Columns of several rows, in the order of their primary keys: the key as `key`, the others by their names.
 * @param columns names in the database
 * @param options as in `numbersStatement`
 */
export function rowsStatement(
  { source, dialect }: Place,
  entity: EntityClass,
  { keys, columns }: { readonly keys: readonly string[]; readonly columns: readonly string[] },
  { tenantId, lock = '' }: { readonly tenantId?: string | null; readonly lock?: string } = {},
): Statement {
  const { tableName, primaryColumns } = source.getMetadata(entity);
  const key = dialect.quote(primaryColumns[0]!.databaseName);
  const own = ofTenant(dialect, entity, tenantId);
  const wanted = [`${key} AS ${dialect.quote('key')}`, ...columns.map((column) => dialect.quote(column))];
  const named = evened(keys);
  return {
    statement: `SELECT ${wanted.join(', ')} FROM ${dialect.quote(tableName)}
       WHERE ${key} IN (${named.map(() => '?').join(', ')})${own.statement} ORDER BY ${key}${lock}`,
    parameters: [...named, ...own.parameters],
  };
}

/** The last one is repeated until there are 1, 2, 4, 8, ...: each other number would be a statement that is prepared of its own. */
const evened = (keys: readonly string[]): string[] => {
  const count = 2 ** Math.ceil(Math.log2(Math.max(keys.length, 1)));
  return Array.from({ length: count }, (_, place) => keys[Math.min(place, keys.length - 1)]!);
};

/**
 * The least and the greatest text of a column among the rows of each key, as `key`, `first` and `last`; both are NULL where there are none. A
 * subquery for each, because both databases answer it from the ends of an index, while SQLite would read all rows of a group.
 * @param tenantId only rows of this tenant
 */
export function firstAndLastStatement(
  { source, dialect }: Place,
  entity: EntityClass,
  { by, keys, column }: { readonly by: string; readonly keys: readonly string[]; readonly column: string },
  tenantId: string | null,
): Statement {
  const metadata = source.getMetadata(entity);
  const [key, text] = [by, column].map((name) =>
    dialect.quote(metadata.findColumnWithPropertyName(name)!.databaseName),
  );
  const own = ofTenant(dialect, entity, tenantId);
  const rows = `FROM ${dialect.quote(metadata.tableName)} WHERE ${key} = ?${own.statement}`;
  const [keyName, first, last] = ['key', 'first', 'last'].map((name) => dialect.quote(name));
  const one = `SELECT ? AS ${keyName}, (SELECT MIN(${text}) ${rows}) AS ${first}, (SELECT MAX(${text}) ${rows}) AS ${last}`;
  const named = evened(keys);
  return {
    statement: named.map(() => one).join(' UNION ALL '),
    parameters: named.flatMap((value) => [value, value, ...own.parameters, value, ...own.parameters]),
  };
}

/**
 * What tells whether a row is another than it was: its version, or every column where it has none.
 * @returns their names in the database @throws NotPlanned where a column has bytes, which have no text
 */
export function telling({ source }: Place, entity: EntityClass): string[] {
  const { columns } = source.getMetadata(entity);
  const version = columns.find(({ propertyName }) => propertyName === 'version');
  if (version) return [version.databaseName];
  if (columns.some(hasBytes)) throw new NotPlanned();
  return columns.filter(({ isPrimary }) => !isPrimary).map(({ databaseName }) => databaseName);
}

/** What a row answers beside its `key`: the drivers and connections answer numbers as numbers or as text. */
export const textOf = ({ key: _key, ...columns }: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.values(columns).map((value) => (value === null ? null : String(value))));

/** By the `key` of each row what else it answers. */
export const textsIn = (rows: readonly Readonly<Record<string, unknown>>[]): ReadonlyMap<string, string> =>
  new Map(rows.map((row) => [String(row['key']), textOf(row)]));

/** Raises an instant of a row unless it is as late already. @param tenantId only where the row is of this tenant */
export function raiseStatement(
  { source, dialect }: Place,
  { entity, id, column, to }: RaisedInstant,
  tenantId: string | null,
): Statement {
  const { tableName, primaryColumns } = source.getMetadata(entity);
  const [table, key, instant] = [tableName, primaryColumns[0]!.databaseName, column].map((name) => dialect.quote(name));
  const own = ofTenant(dialect, entity, tenantId);
  return {
    statement: `UPDATE ${table} SET ${instant} = ? WHERE ${key} = ? AND (${instant} IS NULL OR ${instant} < ?)${own.statement}`,
    parameters: [to, id, to, ...own.parameters],
  };
}

/**
 * Changes rows of a tenant, each only while it has the version that it was known by. Rows of which the same columns change from the same
 * version are changed by one statement, where each statement is waited for.
 */
export function knownChangeStatements(
  place: Place,
  changes: readonly KnownChange[],
  tenantId: string,
): ChangeStatement[] {
  const alike = Map.groupBy(changes, ({ entity, version, set }) =>
    [entity.name, version, ...Object.keys(set).sort()].join(),
  );
  return [...alike.values()].flatMap((own) => {
    const parts = place.dialect.changesRowsTogether
      ? inParts(own, ({ set }) => Object.values(set))
      : own.map((change) => [change]);
    return parts.map((part) => knownChangeStatement(place, part, tenantId));
  });
}

/** @param changes of different rows, all of the same columns and from the same version */
function knownChangeStatement(
  { source, dialect }: Place,
  changes: readonly KnownChange[],
  tenantId: string,
): ChangeStatement {
  const { entity, version, set } = changes[0]!;
  const metadata = source.getMetadata(entity);
  const key = dialect.quote(metadata.primaryColumns[0]!.databaseName);
  const versionColumn = dialect.quote(metadata.findColumnWithPropertyName('version')!.databaseName);
  const parameters: unknown[] = [];
  const changed = metadata.columns
    .filter(({ propertyName }) => Object.hasOwn(set, propertyName))
    .map((column) => {
      const name = dialect.quote(column.databaseName);
      const valueIn = valueOf(source, column);
      const values = changes.map((change) => valueIn(change.set));
      if (values.every((value) => value === values[0])) {
        parameters.push(values[0]);
        return `${name} = ?`;
      }
      parameters.push(...changes.flatMap(({ id }, index) => [id, values[index]]));
      // The last branch gives the values the type of the column: alone, MySQL takes them for text.
      return `${name} = CASE ${key}${' WHEN ? THEN ?'.repeat(changes.length)} ELSE ${name} END`;
    });
  const own = ofTenant(dialect, entity, tenantId);
  const ids = changes.map(({ id }) => id);
  const named = ids.length === 1 ? '= ?' : `IN (${ids.map(() => '?').join(', ')})`;
  return {
    statement: `UPDATE ${dialect.quote(metadata.tableName)} SET ${changed.join(', ')}, ${versionColumn} = ${versionColumn} + 1
       WHERE ${key} ${named} AND ${versionColumn} = ?${own.statement}`,
    parameters: [...parameters, ...ids, version, ...own.parameters],
    affects: changes.length,
  };
}

/** The place of a counter of each tenant. */
export function counterPlace({ source, dialect }: Place, entity: EntityClass, counter: string): CounterPlace {
  const ownership = ownershipOf(entity);
  const key = ownership.owner === 'tenant' ? ownership.column : 'id';
  const [table, keyColumn, column] = [source.getMetadata(entity).tableName, key, counter].map((name) =>
    dialect.quote(name),
  );
  return { table: table!, key: keyColumn!, counter: column! };
}

/** Rows to insert, with every column of their entity. */
export function newRows({ source, dialect }: Place, entity: EntityClass, rows: readonly object[]): NewRows {
  const metadata = source.getMetadata(entity);
  const { tableName, columns } = metadata;
  const valuesOf = columns.map((column) => valueOf(source, column));
  return {
    table: dialect.quote(tableName),
    columns: columns.map(({ databaseName }) => dialect.quote(databaseName)),
    rows: rows.map((row) => valuesOf.map((value) => value(row))),
  };
}

/** The place of a column among those of `newRows`. */
export const placeOfColumn = ({ source }: Place, entity: EntityClass, property: string): number =>
  source.getMetadata(entity).columns.findIndex(({ propertyName }) => propertyName === property);

/** Types whose values no driver converts. */
const AS_THEY_ARE: ReadonlySet<unknown> = new Set(['varchar', 'text', 'int', 'bigint']);

type Column = EntityMetadata['columns'][number];

function valueOf({ driver }: DataSource, column: Column): (row: object) => unknown {
  const { propertyName, type, transformer } = column;
  if (AS_THEY_ARE.has(type) && (transformer === undefined || transformer === safeInteger)) {
    return (row) => (row as Record<string, unknown>)[propertyName];
  }
  return (row) => driver.preparePersistentValue(column.getEntityValue(row), column) as unknown;
}

function ofTenant(dialect: Dialect, entity: EntityClass, tenantId: string | null | undefined): Statement {
  const ownership = ownershipOf(entity);
  if (ownership.owner !== 'tenant' || tenantId === null || tenantId === undefined) {
    return { statement: '', parameters: [] };
  }
  return { statement: ` AND ${dialect.quote(ownership.column)} = ?`, parameters: [tenantId] };
}
