import type { QueryRunner } from 'typeorm';

import { execute, inParts } from './mysql-statements.js';
import type { ThreadRunner } from './sqlite-writer.js';

/** A row that counts: its table, its primary key and the column with the number, all quoted. */
export interface CounterPlace {
  readonly table: string;
  readonly key: string;
  readonly counter: string;
}

/** A number of each row of a table: the table, its primary key and the column with the number, all quoted. */
export interface NumberPlace {
  readonly table: string;
  readonly key: string;
  readonly number: string;
}

/** Rows of one table to insert: the table and the columns quoted, the values of each row in the order of the columns. */
export interface NewRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly unknown[][];
}

/** What differs between the databases, in one place each; there is no `if (mysql)` elsewhere. */
export interface Dialect {
  readonly name: 'sqlite' | 'mysql' | 'mariadb';
  /** Rows can be locked one by one; where not, one writer excludes all others anyway. */
  readonly rowLocks: boolean;
  /** Rows are locked on one server of a cluster only: what a transaction has locked it must write, too (see `writeLockSlot`). */
  readonly locksAreLocal: boolean;
  /**
   * The end of a SELECT whose rows no other transaction may change until the transaction ends: others may read and hold them,
   * too, or none may.
   */
  readonly locks: { readonly shared: string; readonly exclusive: string };
  /** Whether rows that are changed alike are changed by one statement: where each one is a round trip. */
  readonly changesRowsTogether: boolean;
  /** Asks the database server for its own clock, in epoch milliseconds; an embedded database has none of its own. */
  readonly clockQuery: string | undefined;
  /** Every table with its columns, in order; `keyPlace` is the place in the primary key from 1, or 0. */
  readonly columnsQuery: string;
  quote(identifier: string): string;
  /**
   * A column that is compared, and not searched by, where rows are looked for by their keys. SQLite expects few rows of each tenant and
   * would read all of them, by an index that begins with the tenant, rather than look for a hundred keys.
   */
  comparedOnly(column: string): string;
  /** Raises the counter of the row with the key, which is created where there is none. Its parameters are the key and by how much. */
  counterStatement(place: CounterPlace): string;
  /**
   * Likewise, where the number of another row is one that is assumed, which the statement holds until the transaction ends; it affects
   * no row otherwise. Two further parameters: the key of that row and the number. Absent where a whole plan is one message.
   */
  guardedCounterStatement?(place: CounterPlace, guard: NumberPlace): string;
  /** The new number of the counter, in what the driver answers to `counterStatement`. */
  raisedIn(answer: unknown): number;
  /** The end of an INSERT that changes the row where its key is there already. @param columns all of them, quoted */
  replacing(key: string, columns: readonly string[]): string;
  /** Inserts rows by statements that are prepared once. Where one of them is not accepted, those before it are there. */
  insertRows(runner: QueryRunner, rows: NewRows): Promise<void>;
}

/** The places of the values of one row. */
export const placesOf = ({ columns }: NewRows): string => `(${columns.map(() => '?').join(', ')})`;

export const insertStatement = (rows: NewRows, count: number): string => {
  const places = Array.from({ length: count }, () => placesOf(rows)).join(', ');
  return `INSERT INTO ${rows.table} (${rows.columns.join(', ')}) VALUES ${places}`;
};

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  rowLocks: false,
  locksAreLocal: false,
  // The whole transaction excludes every other writer.
  locks: { shared: '', exclusive: '' },
  changesRowsTogether: false,
  clockQuery: undefined,
  columnsQuery: `SELECT tables.name AS tableName, columns.name AS columnName, columns.pk AS keyPlace
    FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' ORDER BY tables.name, columns.cid`,
  quote: (name) => `"${name}"`,
  // https://www.sqlite.org/optoverview.html, "Disqualifying WHERE-clause terms using unary +".
  comparedOnly: (column) => `+${column}`,
  counterStatement: ({ table, key, counter }) =>
    `INSERT INTO ${table} (${key}, ${counter}) VALUES (?, ?)
      ON CONFLICT (${key}) DO UPDATE SET ${counter} = ${counter} + excluded.${counter} RETURNING ${counter} AS raised`,
  replacing: (key, columns) =>
    `ON CONFLICT (${key}) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  raisedIn: (answer) => (answer as { raised: number }[])[0]!.raised,
  // One row at a time costs half as much as many by one statement, which SQLite must be able to take back by itself.
  insertRows: (runner, rows) => (runner as ThreadRunner).each(insertStatement(rows, 1), rows.rows),
};

export const mysqlDialect: Dialect = {
  name: 'mysql',
  rowLocks: true,
  locksAreLocal: false,
  locks: { shared: ' LOCK IN SHARE MODE', exclusive: ' FOR UPDATE' },
  changesRowsTogether: true,
  // By UTC, because a local time occurs twice when daylight saving ends.
  clockQuery: "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now",
  columnsQuery: `SELECT columns.TABLE_NAME AS tableName, columns.COLUMN_NAME AS columnName,
      COALESCE(places.ORDINAL_POSITION, 0) AS keyPlace
    FROM information_schema.COLUMNS AS columns LEFT JOIN information_schema.KEY_COLUMN_USAGE AS places
      ON places.TABLE_SCHEMA = columns.TABLE_SCHEMA AND places.TABLE_NAME = columns.TABLE_NAME
      AND places.COLUMN_NAME = columns.COLUMN_NAME AND places.CONSTRAINT_NAME = 'PRIMARY'
    WHERE columns.TABLE_SCHEMA = DATABASE() ORDER BY columns.TABLE_NAME, columns.ORDINAL_POSITION`,
  quote: (name) => `\`${name}\``,
  comparedOnly: (column) => column,
  // LAST_INSERT_ID(n) makes n the insert id of this answer, so that the number needs no second statement.
  counterStatement: ({ table, key, counter }) =>
    `INSERT INTO ${table} (${key}, ${counter}) VALUES (?, LAST_INSERT_ID(?))
      ON DUPLICATE KEY UPDATE ${counter} = LAST_INSERT_ID(${counter} + VALUES(${counter}))`,
  replacing: (_, columns) =>
    `ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
  guardedCounterStatement: ({ table, key, counter }, guard) =>
    `INSERT INTO ${table} (${key}, ${counter}) SELECT ?, LAST_INSERT_ID(?) FROM ${guard.table}
      WHERE ${guard.key} = ? AND ${guard.number} = ? LOCK IN SHARE MODE
      ON DUPLICATE KEY UPDATE ${counter} = LAST_INSERT_ID(${table}.${counter} + VALUES(${counter}))`,
  raisedIn: (answer) => Number((answer as { insertId: number | string }).insertId),
  insertRows: async (runner, rows) => {
    for (const part of inParts(rows.rows, (row) => row))
      await execute(runner, insertStatement(rows, part.length), part.flat());
  },
};
export const mariadbDialect: Dialect = { ...mysqlDialect, name: 'mariadb' };
