import { type Connection, createConnection } from 'mysql2/promise';

import type { Dialect } from './dialects.js';
import { isLostRace, isStatementTimeout, isUniqueViolation } from './driver-errors.js';
import { executeWithin, inParts } from './mysql-statements.js';
import { textsIn } from './statements.js';
import type { MysqlConnectionOptions } from './tls.js';
import type {
  AssumedRows,
  NumberedRows,
  PlannedStep,
  Statement,
  TransactionPlan,
  WrittenRows,
} from './transaction-plan.js';

interface WriterOptions {
  readonly connection: MysqlConnectionOptions & { readonly charset: string; readonly connectTimeout: number };
  /** What its session begins with. */
  readonly session: readonly string[];
  readonly statementTimeoutMilliseconds: number;
}

/**
 * Carries out planned transactions, in as few statements as there are answers to wait for, on a connection of its own: with
 * `autocommit` off, the first statement begins the transaction.
 */
export class MysqlWriter {
  #idle: Connection | undefined;
  #isClosed = false;

  constructor(
    private readonly dialect: Dialect,
    private readonly options: WriterOptions,
  ) {}

  /** As `Gateway.writePlanned`. */
  async carryOut(plan: () => Promise<TransactionPlan>, isTimely: () => boolean): Promise<boolean> {
    if (this.#isClosed) return false;
    // Taken, so that work that was given up and continues has it for itself.
    const idle = this.#idle;
    this.#idle = undefined;
    const connection = idle ?? (await this.connect().catch(() => undefined));
    if (connection === undefined) return false;
    let planned: TransactionPlan | undefined;
    try {
      planned = await plan();
      const isCommitted = await this.attempt(connection, planned, isTimely);
      this.putBack(connection);
      return isCommitted;
    } catch (error) {
      // Its statement is still running; the server takes back what it has done where the connection ends.
      if (isStatementTimeout(error)) connection.destroy();
      else await this.rollBack(connection);
      const isTaken = planned?.steps.some((step) => 'insert' in step) === true && isUniqueViolation(error);
      if (isLostRace(error) || isTaken) return false;
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#idle?.destroy();
    this.#idle = undefined;
  }

  private async attempt(connection: Connection, plan: TransactionPlan, isTimely: () => boolean): Promise<boolean> {
    let isAsAssumed = true;
    for (const step of plan.steps) isAsAssumed &&= await this.take(connection, step);
    const first = isAsAssumed ? await this.firstNumbers(connection, plan) : undefined;
    if (first === undefined || !isTimely()) {
      await this.end(connection, 'ROLLBACK');
      return false;
    }
    for (const alike of Map.groupBy(plan.numbered, ({ insert }) => insert).values()) {
      const rows = alike.flatMap((numbered) => withNumbers(numbered, first.get(numbered)!));
      const { insert, places } = alike[0]!;
      await this.insert(connection, { insert, places, ending: '', rows });
    }
    await this.end(connection, 'COMMIT');
    return true;
  }

  /** @returns whether the transaction continues */
  private async take(connection: Connection, step: PlannedStep): Promise<boolean> {
    if ('assumed' in step) return this.holds(connection, step);
    if ('insert' in step) {
      await this.insert(connection, step);
      return true;
    }
    const { affectedRows } = (await this.execute(connection, step)) as { affectedRows: number };
    return affectedRows === (step.affects ?? affectedRows);
  }

  private async holds(connection: Connection, assumption: AssumedRows): Promise<boolean> {
    const { assumed } = assumption;
    const present = textsIn((await this.execute(connection, assumption)) as Record<string, unknown>[]);
    return present.size === assumed.size && [...assumed].every(([key, text]) => present.get(key) === text);
  }

  private async insert(connection: Connection, { insert, places, ending, rows }: WrittenRows): Promise<void> {
    for (const part of inParts(rows, (row) => row)) {
      const statement = insert + `, ${places}`.repeat(part.length - 1) + ending;
      await this.execute(connection, { statement, parameters: part.flat() });
    }
  }

  /** Holds the numbers that are assumed, and takes those of the histories; `undefined` where one is another. */
  private async firstNumbers(
    connection: Connection,
    { assumptions, numbered, guardedCounter }: TransactionPlan,
  ): Promise<ReadonlyMap<NumberedRows, number> | undefined> {
    if (guardedCounter !== undefined) {
      const answer = await this.execute(connection, guardedCounter);
      if ((answer as { affectedRows: number }).affectedRows === 0) return undefined;
      const [only] = numbered as [NumberedRows];
      return new Map([[only, this.dialect.raisedIn(answer) - only.rows.length]]);
    }
    for (const assumption of assumptions) if (!(await this.holds(connection, assumption))) return undefined;
    const first = new Map<NumberedRows, number>();
    for (const rows of numbered) {
      const answer = await this.execute(connection, rows.counter);
      first.set(rows, this.dialect.raisedIn(answer) - rows.rows.length);
    }
    return first;
  }

  private async execute(connection: Connection, { statement: sql, parameters }: Statement): Promise<unknown> {
    return executeWithin(connection, sql, parameters, this.options.statementTimeoutMilliseconds);
  }

  private async end(connection: Connection, sql: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    await connection.query({ sql, timeout: this.options.statementTimeoutMilliseconds });
  }

  private async connect(): Promise<Connection> {
    const connection = await createConnection({ ...this.options.connection, timezone: 'Z' });
    // Between two transactions: the server has closed it.
    connection.on('error', () => {
      if (this.#idle === connection) this.#idle = undefined;
    });
    try {
      for (const statement of [...this.options.session, 'SET autocommit = 0']) await connection.query(statement);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  private async rollBack(connection: Connection): Promise<void> {
    try {
      await this.end(connection, 'ROLLBACK');
      this.putBack(connection);
    } catch {
      connection.destroy();
    }
  }

  private putBack(connection: Connection): void {
    if (this.#isClosed || this.#idle !== undefined) connection.destroy();
    else this.#idle = connection;
  }
}

/** The rows with their numbers, from `first` on. */
const withNumbers = ({ rows, numberAt }: NumberedRows, first: number): unknown[][] =>
  rows.map((row, index) => row.with(numberAt, first + index));
