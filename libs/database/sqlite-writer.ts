import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { QueryFailedError, QueryResult, type QueryRunner, QueryRunnerAlreadyReleasedError } from 'typeorm';

import { isLostRace, isUniqueViolation } from './driver-errors.js';
import type { TransactionPlan } from './transaction-plan.js';
import type { Answer, Question, WriterSettings } from './sqlite.worker.js';

// Next to this file, in the source as in the build.
const THREAD = new URL(`./sqlite.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The connection that writes into the embedded database, on a thread of its own: a commit waits for the disk, and requests
 * that arrive meanwhile are worked on. It starts with the first statement and does not keep the process alive by itself.
 */
export class SqliteWriter {
  readonly #worker: Worker;
  readonly #asked: Asked[] = [];
  #ended: Error | undefined;

  constructor(settings: WriterSettings) {
    this.#worker = new Worker(THREAD, { workerData: settings });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#next()?.resolve(answer));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the thread has ended')));
  }

  /** Whether a transaction can begin here: not after the thread has failed. */
  get isUsable(): boolean {
    return this.#ended === undefined;
  }

  /** As `QueryRunner.query` of TypeORM does it. */
  async query(statement: string, parameters: readonly unknown[] = [], structured = false): Promise<unknown> {
    const bound = parameters.map(bindable);
    const answer = await this.#ask({ kind: 'query', statement, parameters: bound });
    if ('error' in answer) throw failed(statement, bound, answer);
    const raw = 'rows' in answer ? answer.rows.map(withBuffers) : answer.lastId;
    if (!structured) return raw;
    const result = new QueryResult();
    result.raw = raw;
    if ('rows' in answer) result.records = raw as unknown[];
    else result.affected = answer.affected;
    return result;
  }

  /** The same statement for each of the rows. Where one fails, those before it are done. */
  async each(statement: string, rows: readonly (readonly unknown[])[]): Promise<void> {
    const answer = await this.#ask({ kind: 'each', statement, rows: rows.map((row) => row.map(bindable)) });
    if ('error' in answer) throw failed(statement, [], answer);
  }

  /**
   * A whole transaction by one message.
   * @returns whether it is committed; otherwise nothing was done: a number or a row is another than was assumed, a key is not free, or another
   *   process writes
   */
  async carryOut(plan: TransactionPlan): Promise<boolean> {
    const answer = await this.#ask({ kind: 'plan', plan });
    if (!('error' in answer)) return 'affected' in answer && answer.affected > 0;
    const error = failed('a planned transaction', [], answer);
    const isTaken = plan.steps.some((step) => 'insert' in step) && isUniqueViolation(error);
    if (isLostRace(error) || isTaken) return false;
    throw error;
  }

  async close(): Promise<void> {
    if (!this.isUsable) return;
    this.#worker.ref();
    const exit = once(this.#worker, 'exit');
    this.#worker.postMessage({ kind: 'close' } satisfies Question, []);
    await exit;
  }

  #ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (this.#asked.length === 0) this.#worker.ref();
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(question, []);
    });
  }

  #next(): Asked | undefined {
    const asked = this.#asked.shift();
    if (this.#asked.length === 0) this.#worker.unref();
    return asked;
  }

  /** What was under way may have been committed or not, as where a connection breaks. */
  #end({ message }: Error): void {
    if (this.#ended) return;
    this.#ended = Object.assign(new Error(`The database connection is not open: ${message}`), { code: 'SQLITE_IOERR' });
    for (const { reject } of this.#asked.splice(0)) reject(this.#ended);
  }
}

/** A query runner whose statements run on the writer's thread. */
export interface ThreadRunner extends QueryRunner {
  /** As `SqliteWriter.each`. */
  each(statement: string, rows: readonly (readonly unknown[])[]): Promise<void>;
}

/** The runner, which stays on this thread but for its statements. */
export const onThread = (runner: QueryRunner, writer: SqliteWriter): ThreadRunner =>
  Object.create(runner, {
    query: {
      async value(this: QueryRunner, statement: string, parameters?: unknown[], structured?: boolean) {
        if (this.isReleased) throw new QueryRunnerAlreadyReleasedError();
        return writer.query(statement, parameters, structured);
      },
    },
    each: {
      async value(this: QueryRunner, statement: string, rows: unknown[][]) {
        if (this.isReleased) throw new QueryRunnerAlreadyReleasedError();
        return writer.each(statement, rows);
      },
    },
  }) as ThreadRunner;

/** SQLite has no booleans. */
const bindable = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

/** Bytes arrive from the thread without their class. */
function withBuffers(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) {
    const value = row[name];
    if (value instanceof Uint8Array) row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}

function failed(statement: string, parameters: unknown[], { error }: Extract<Answer, { error: unknown }>): Error {
  const { name, message, code } = error;
  return new QueryFailedError(statement, parameters, Object.assign(new Error(message), { name, code }));
}
