// The thread that writes into the embedded database: its connection, and nothing of the product.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is asked, one answer for each, in order. */
export type Question =
  | { readonly kind: 'query'; readonly statement: string; readonly parameters: readonly unknown[] }
  /** The same statement for each of the parameters. */
  | { readonly kind: 'each'; readonly statement: string; readonly rows: readonly (readonly unknown[])[] }
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

function answer(question: Exclude<Question, { kind: 'close' }>): Answer {
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
