// The thread that writes into the embedded database: its connection, and nothing of the product.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

import type { AssumedRows, NumberedRows, PlannedStep, TransactionPlan } from './transaction-plan.js';

/** What the thread is asked, one answer for each, in order. */
export type Question =
  | { readonly kind: 'query'; readonly statement: string; readonly parameters: readonly unknown[] }
  /** The same statement for each of the parameters. */
  | { readonly kind: 'each'; readonly statement: string; readonly rows: readonly (readonly unknown[])[] }
  | { readonly kind: 'plan'; readonly plan: TransactionPlan }
  | { readonly kind: 'close' };

export type Answer =
  | { readonly rows: Record<string, unknown>[] }
  | { readonly affected: number; readonly lastId: unknown }
  | { readonly error: { readonly name: string; readonly message: string; readonly code: unknown } };

export interface WriterSettings {
  readonly path: string;
  readonly pragmas: readonly string[];
}

interface Statement {
  readonly reader: boolean;
  all(...parameters: readonly unknown[]): Record<string, unknown>[];
  run(...parameters: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: unknown };
}

interface Connection {
  readonly inTransaction: boolean;
  pragma(text: string): unknown;
  prepare(statement: string): Statement;
  close(): void;
}

/** Beyond it the one that was prepared first is forgotten. */
const PREPARED_MAX = 200;

const Driver = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => Connection;
const { path, pragmas } = workerData as WriterSettings;
const connection = new Driver(path);
for (const pragma of pragmas) connection.pragma(pragma);
const prepared = new Map<string, Statement>();

function statementOf(text: string): Statement {
  const known = prepared.get(text);
  if (known) return known;
  const statement = connection.prepare(text);
  if (prepared.size >= PREPARED_MAX) prepared.delete(prepared.keys().next().value!);
  prepared.set(text, statement);
  return statement;
}

/** `affected` is 0 where a number or a row is another than was assumed: then nothing is done. */
function carryOut({ assumptions, steps, numbered }: TransactionPlan): Answer {
  statementOf('BEGIN IMMEDIATE').run();
  try {
    const isAsAssumed = assumptions.every(holds) && steps.every(take);
    if (isAsAssumed) for (const rows of numbered) insertNumbered(rows);
    statementOf(isAsAssumed ? 'COMMIT' : 'ROLLBACK').run();
    return { affected: isAsAssumed ? 1 : 0, lastId: undefined };
  } catch (error) {
    // Where COMMIT itself failed, SQLite may have rolled back already.
    if (connection.inTransaction) statementOf('ROLLBACK').run();
    throw error;
  }
}

/** @returns whether the transaction continues */
function take(step: PlannedStep): boolean {
  if ('assumed' in step) return holds(step);
  if ('insert' in step) {
    const statement = statementOf(step.insert + step.ending);
    for (const row of step.rows) statement.run(...row);
    return true;
  }
  const { changes } = statementOf(step.statement).run(...step.parameters);
  return changes === (step.affects ?? changes);
}

function holds({ statement, parameters, assumed }: AssumedRows): boolean {
  const rows = statementOf(statement).all(...parameters);
  return rows.length === assumed.size && rows.every((row) => assumed.get(String(row['key'])) === textOf(row));
}

/** As that of `statements.ts`; a thread loads nothing but its own file. */
const textOf = ({ key: _key, ...columns }: Record<string, unknown>): string =>
  JSON.stringify(Object.values(columns).map((value) => (value === null ? null : String(value))));

function insertNumbered({ counter, insert, rows, numberAt }: NumberedRows): void {
  const [{ raised }] = statementOf(counter.statement).all(...counter.parameters) as [{ raised: number }];
  const statement = statementOf(insert);
  rows.forEach((row, index) => {
    row[numberAt] = raised - rows.length + index;
    statement.run(...row);
  });
}

function answer(question: Exclude<Question, { kind: 'close' }>): Answer {
  if (question.kind === 'plan') return carryOut(question.plan);
  const statement = statementOf(question.statement);
  if (question.kind === 'each') {
    for (const row of question.rows) statement.run(...row);
    return { affected: question.rows.length, lastId: undefined };
  }
  if (statement.reader) return { rows: statement.all(...question.parameters) };
  const { changes, lastInsertRowid } = statement.run(...question.parameters);
  return { affected: changes, lastId: lastInsertRowid };
}

parentPort!.on('message', (question: Question) => {
  if (question.kind === 'close') {
    connection.close();
    parentPort!.close();
    return;
  }
  try {
    parentPort!.postMessage(answer(question), []);
  } catch (error) {
    const { name, message, code } = error as Error & { code?: unknown };
    parentPort!.postMessage({ error: { name, message, code } } satisfies Answer, []);
  }
});
