/** What differs between the databases, in one place each; there is no `if (mysql)` elsewhere. */
export interface Dialect {
  readonly name: 'sqlite' | 'mysql' | 'mariadb';
  /** Rows can be locked one by one; where not, one writer excludes all others anyway. */
  readonly rowLocks: boolean;
  /** Asks the database server for its own clock, in epoch milliseconds; an embedded database has none of its own. */
  readonly clockQuery: string | undefined;
  quote(identifier: string): string;
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  rowLocks: false,
  clockQuery: undefined,
  quote: (name) => `"${name}"`,
};
export const mysqlDialect: Dialect = {
  name: 'mysql',
  rowLocks: true,
  // By UTC, because a local time occurs twice when daylight saving ends.
  clockQuery: "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now",
  quote: (name) => `\`${name}\``,
};
export const mariadbDialect: Dialect = { ...mysqlDialect, name: 'mariadb' };
