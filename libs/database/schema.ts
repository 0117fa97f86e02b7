import {
  type QueryRunner,
  Table,
  TableColumn,
  type TableColumnOptions,
  TableIndex,
  type TableIndexOptions,
} from 'typeorm';

// Helpers of migrations: the same column kinds as `columns.ts`, so that the drift check finds no difference.

type Nullable = { nullable?: boolean };

export const id = (): TableColumnOptions => ({ name: 'id', type: 'varchar', length: '36', isPrimary: true });
export const key = (name: string, length: number): TableColumnOptions => ({
  name,
  type: 'varchar',
  length: String(length),
  isPrimary: true,
});
export const reference = (name: string, options: Nullable = {}): TableColumnOptions => varchar(name, 36, options);
export const varchar = (name: string, length: number, options: Nullable = {}): TableColumnOptions => ({
  name,
  type: 'varchar',
  length: String(length),
  isNullable: options.nullable ?? false,
});
const plain =
  (type: string) =>
  (name: string, options: Nullable = {}): TableColumnOptions => ({ name, type, isNullable: options.nullable ?? false });
export const text = plain('text');
// SQLite reports `int` under this name only; another name would look like drift.
export const integer = plain('integer');
export const instant = plain('bigint');
export const sealed = plain('blob');
export const boolean = plain('boolean');
export const version = (): TableColumnOptions => integer('version');

export const unique = (name: string, ...columnNames: string[]): TableIndexOptions => ({
  name,
  columnNames,
  isUnique: true,
});
export const index = (name: string, ...columnNames: string[]): TableIndexOptions => ({ name, columnNames });

/** Creates a table with its indexes, unless a run that was killed half-way did so already. */
export async function createTable(
  runner: QueryRunner,
  name: string,
  columns: TableColumnOptions[],
  indices: TableIndexOptions[] = [],
): Promise<void> {
  await runner.createTable(new Table({ name, columns, indices }), true);
}

export async function dropTables(runner: QueryRunner, ...names: string[]): Promise<void> {
  for (const name of names) await runner.dropTable(name, true);
}

/** Adds columns to a table, each unless a run that was killed half-way did so already. */
export async function addColumns(runner: QueryRunner, table: string, ...columns: TableColumnOptions[]): Promise<void> {
  for (const column of columns) {
    if (!(await runner.hasColumn(table, column.name))) await runner.addColumn(table, new TableColumn(column));
  }
}

/** Adds indexes to a table, each unless it is there already. */
export async function addIndexes(runner: QueryRunner, table: string, ...indices: TableIndexOptions[]): Promise<void> {
  const known = new Set((await runner.getTable(table))?.indices.map(({ name }) => name));
  for (const index of indices) if (!known.has(index.name)) await runner.createIndex(table, new TableIndex(index));
}

export async function dropColumns(runner: QueryRunner, table: string, ...names: string[]): Promise<void> {
  for (const name of names) if (await runner.hasColumn(table, name)) await runner.dropColumn(table, name);
}

export async function dropIndexes(runner: QueryRunner, table: string, ...names: string[]): Promise<void> {
  const known = new Set((await runner.getTable(table))?.indices.map(({ name }) => name));
  for (const name of names) if (known.has(name)) await runner.dropIndex(table, name);
}
