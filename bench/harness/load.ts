import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The same request again and again, on some connections, for some time. */
export interface LoadRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** Requests that were written; those without an answer were in flight at the end. */
  readonly sent: number;
  /** Connections that failed or timed out. */
  readonly errors: number;
  /** Answers by their status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the answers with status 200. */
  readonly latencyMilliseconds: { readonly p50: number; readonly p99: number };
  /** Bodies of answers with status 200, chosen at random. */
  readonly samples: readonly string[];
}

const PROCESS = join(import.meta.dirname, 'load-process.ts');

/** Puts load on the server from a process of its own, so that the measuring neither waits for nor slows the bench. */
export async function load(request: LoadRequest): Promise<LoadResult> {
  const child = spawn(process.execPath, [PROCESS], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(request));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, complaints, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`The load process ended with ${code}:\n${complaints}`);
  return JSON.parse(output) as LoadResult;
}

/** Answers with status 200. */
export const accepted = ({ statuses }: LoadResult): number => statuses['200'] ?? 0;

export const perSecond = (result: LoadResult): number => accepted(result) / result.seconds;

/** Requests that nothing was heard of: they may have been carried out or not. */
export const unanswered = ({ sent, statuses }: LoadResult): number =>
  sent - Object.values(statuses).reduce((sum, count) => sum + count, 0);

/** What was answered with something else than 200, for the notes of a row. */
export const rejections = ({ statuses, errors }: LoadResult): string[] => [
  ...Object.entries(statuses)
    .filter(([status]) => status !== '200')
    .map(([status, count]) => `${count} x ${status}`),
  ...(errors > 0 ? [`${errors} connection errors`] : []),
];
