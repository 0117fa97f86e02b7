/** What differs between the databases, in one place each; no `if (mysql)` stands anywhere else. */
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

/** The driver's own error behind whatever TypeORM wrapped around it. */
function driverError(error: unknown): { code?: unknown; errno?: unknown } {
  const wrapped = (error as { driverError?: unknown } | null)?.driverError ?? error;
  return typeof wrapped === 'object' && wrapped !== null ? wrapped : {};
}

/** What failed, without the statement and its values: those may be secrets, and errors end up in logs. */
export function withoutStatement(error: Error): Error {
  const { code, errno } = driverError(error);
  return Object.assign(new Error(error.message), { name: error.name, code, errno });
}

const DUPLICATE_ENTRY = 1062;
// ER_CHECKREAD, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK: the transaction lost a race and may be run again.
const LOST_RACES: readonly unknown[] = [1020, 1205, 1213];

/** The client gave a statement up; its connection still waits for the answer and is of no more use. */
export const isStatementTimeout = (error: unknown): boolean => driverError(error).code === 'PROTOCOL_SEQUENCE_TIMEOUT';

export function isUniqueViolation(error: unknown): boolean {
  const { code, errno } = driverError(error);
  return errno === DUPLICATE_ENTRY || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

export function isLostRace(error: unknown): boolean {
  const { code, errno } = driverError(error);
  return LOST_RACES.includes(errno) || (typeof code === 'string' && code.startsWith('SQLITE_BUSY'));
}
