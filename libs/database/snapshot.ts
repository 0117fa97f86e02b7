import type { Dialect } from './dialects.js';

/** What every supported database stores in a column, as drivers give and take it. */
export type Cell = string | number | null | Buffer;

/** Rows of one table; all of a table follow each other. */
export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Sends one statement and answers its rows. */
export type Query = (statement: string, parameters?: readonly unknown[]) => Promise<Record<string, Cell>[]>;

/** All data of a database at one moment. */
export interface Snapshot {
  /** The newest migration that the schema has. */
  readonly schema: string;
  readonly tables: AsyncIterable<TableRows>;
}

interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/** Tables that say something about this database and nothing about the installation. */
const OF_THE_DATABASE: ReadonlySet<string> = new Set([
  'lock_slots',
  'migration_lease',
  'migration_lock',
  'migrations',
  'storage_probe',
]);
/** A row has 64 KiB at most, or a megabyte where it has a large answer: a page is held in memory. */
const ROWS_AT_ONCE = 50;

/** Reads everything, in pages by the primary key. `query` sees one moment, whatever is written meanwhile. */
export async function snapshotOf(query: Query, dialect: Dialect): Promise<Snapshot> {
  const newest = await query('SELECT name FROM migrations ORDER BY timestamp DESC LIMIT 1');
  const shapes = await shapesOf(query, dialect);
  return { schema: String(newest[0]!['name']), tables: rowsOf(query, dialect, shapes) };
}

async function* rowsOf(query: Query, dialect: Dialect, shapes: readonly TableShape[]): AsyncGenerator<TableRows> {
  for (const { name, columns, key } of shapes) {
    const [table, places] = [dialect.quote(name), key.map((column) => dialect.quote(column)).join(', ')];
    const list = columns.map((column) => dialect.quote(column)).join(', ');
    let last: readonly Cell[] | undefined;
    for (;;) {
      const after = last === undefined ? '' : ` WHERE (${places}) > (${key.map(() => '?').join(', ')})`;
      const found = await query(`SELECT ${list} FROM ${table}${after} ORDER BY ${places} LIMIT ${ROWS_AT_ONCE}`, last);
      yield { table: name, columns, rows: found.map((row) => columns.map((column) => row[column]!)) };
      if (found.length < ROWS_AT_ONCE) break;
      last = key.map((column) => found.at(-1)![column]!);
    }
  }
}

/** Every table of the installation, with its columns and its primary key. */
export async function shapesOf(query: Query, dialect: Dialect): Promise<TableShape[]> {
  const columns = await query(dialect.columnsQuery);
  const byTable = Map.groupBy(columns, ({ tableName }) => String(tableName));
  return [...byTable]
    .filter(([name]) => !OF_THE_DATABASE.has(name))
    .map(([name, rows]) => ({
      name,
      columns: rows.map(({ columnName }) => String(columnName)),
      key: rows
        .filter(({ keyPlace }) => Number(keyPlace) > 0)
        .toSorted((one, other) => Number(one['keyPlace']) - Number(other['keyPlace']))
        .map(({ columnName }) => String(columnName)),
    }));
}
