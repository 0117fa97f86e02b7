import type { Connection, PoolConnection } from 'mysql2';
import type { Connection as PromiseConnection } from 'mysql2/promise';
import { QueryFailedError, type QueryRunner, QueryRunnerAlreadyReleasedError } from 'typeorm';

/** One statement for each number of rows would have to be prepared on each connection: with tens and ones these are 19. */
const ROWS_PER_STATEMENT = 100;
const TEN = 10;
/** Half of what a server takes in one packet by default (16 MiB). */
const STATEMENT_BYTES_MAX = 8 * 2 ** 20;
/** In a statement that is written out, bytes are hexadecimal. */
const DIGITS_PER_BYTE = 2;
const BYTES_PER_CHARACTER_MAX = 3;

/** What a value takes in a statement at most, also where it is written out; a number takes next to nothing. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length * BYTES_PER_CHARACTER_MAX;
  if (value instanceof Uint8Array) return value.length * DIGITS_PER_BYTE;
  return typeof value === 'object' && value !== null ? bytesOf(JSON.stringify(value)) : 0;
}

/** The values that a row has in a statement. */
type ValuesOf<Row> = (row: Row) => readonly unknown[];

/** How many of the next rows are sent in one packet: one, whatever it has, and more while they fit. */
function fitting<Row>(rows: readonly Row[], start: number, valuesOf: ValuesOf<Row>): number {
  const end = Math.min(rows.length, start + ROWS_PER_STATEMENT);
  let bytes = 0;
  for (let place = start; place < end; place += 1) {
    for (const value of valuesOf(rows[place]!)) bytes += bytesOf(value);
    if (bytes > STATEMENT_BYTES_MAX) return Math.max(place - start, 1);
  }
  return end - start;
}

/** The rows in parts of as many as a statement takes. */
export function inStatements<Row>(rows: readonly Row[], valuesOf: ValuesOf<Row>): (readonly Row[])[] {
  const parts: (readonly Row[])[] = [];
  for (let start = 0; start < rows.length; start += parts.at(-1)!.length) {
    parts.push(rows.slice(start, start + fitting(rows, start, valuesOf)));
  }
  return parts;
}

/** Likewise, as many as a prepared statement takes: tens, and what is left. */
export function inParts<Row>(rows: readonly Row[], valuesOf: ValuesOf<Row>): (readonly Row[])[] {
  return inStatements(rows, valuesOf).flatMap((part) => {
    const ones = part.length % TEN;
    const tens = part.length - ones;
    return [part.slice(0, tens), part.slice(tens)].filter(({ length }) => length > 0);
  });
}

/**
 * Carries out a statement that the server prepares once for each connection. The driver limits the time of the execution and not that of
 * the preparation, which waits for locks of the table and for a network that swallows answers: so the time of both is limited here.
 * @throws an error of the driver, also where no answer came in time: the connection is of no further use then
 */
export async function executeWithin(
  connection: PromiseConnection,
  sql: string,
  values: readonly unknown[],
  timeoutMilliseconds: number | undefined,
): Promise<unknown> {
  const execution = connection.execute(sql, values as string[]).then(([answer]): unknown => answer);
  if (!timeoutMilliseconds) return execution;
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(newTimeout()), timeoutMilliseconds);
  try {
    return await Promise.race([execution, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** As the driver's own. */
const newTimeout = (): Error =>
  Object.assign(new Error('A prepared statement was not answered in time'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' });

/** A statement that the server prepares once for each connection: it is neither written out nor parsed again with its values. */
export async function execute(runner: QueryRunner, statement: string, values: unknown[]): Promise<void> {
  if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
  const connection = (await runner.connect()) as PoolConnection;
  const { maxQueryExecutionTime: timeout } = runner.dataSource.options;
  try {
    await executeWithin(connection.promise(), statement, values, timeout);
  } catch (error) {
    throw new QueryFailedError(statement, values, error as Error);
  }
}

/**
 * READ COMMITTED: under REPEATABLE READ a plain read before the row lock would decide on an old snapshot. For the session,
 * because every transaction of the product is such a one, and to say so with each of them takes a statement more.
 */
export const READ_COMMITTED = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

const prepared = new WeakSet<Connection>();

/** Sends what every connection begins with, once for each. */
export async function prepare(runner: QueryRunner, statements: readonly string[]): Promise<void> {
  const connection = (await runner.connect()) as Connection;
  if (prepared.has(connection)) return;
  for (const statement of statements) await runner.query(statement);
  prepared.add(connection);
}
