import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** What differs from request to request; what is not given is that of the load. */
export interface Variant {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The same request again and again, on some connections, for some time. */
export interface LoadRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
  /** In turn, so that no two requests are the same; the load ends early where each of them was sent once. */
  readonly variants?: readonly Variant[];
  /** Whether the variants begin again once each was sent. */
  readonly repeated?: boolean;
}

export interface LoadResult {
  readonly seconds: number;
  /** Requests that were written; those without an answer were in flight at the end. */
  readonly sent: number;
  /** Connections that failed or timed out. */
  readonly errors: number;
  /** Answers by their status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the answers with a status below 300. */
  readonly latencyMilliseconds: { readonly p50: number; readonly p99: number };
  /** Of all other answers. */
  readonly rejectionMilliseconds: { readonly p99: number };
  /** Bodies of answers with a status below 300, chosen at random. */
  readonly samples: readonly string[];
}

const PROCESS = join(import.meta.dirname, 'load-process.ts');

/** How a load ended. */
export type LoadOutcome = { readonly result: LoadResult } | { readonly failure: string };

/**
 * Processes that put load on servers, one load at a time, and have none at the moment. They are kept until the bench ends: one that has
 * just started compiles its own code on the processors that it shares with what is measured.
 */
const idle: ChildProcess[] = [];

function startProcess(): ChildProcess {
  const child = fork(PROCESS, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  // It ends with the bench, which does not wait for it.
  child.unref();
  return child;
}

/** Puts load on the server from a process of its own, so that the measuring neither waits for nor slows the bench. */
export async function load(request: LoadRequest): Promise<LoadResult> {
  const child = idle.pop() ?? startProcess();
  child.channel?.ref();
  try {
    const outcome = await new Promise<LoadOutcome>((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`The load process ended with ${code}`)));
      child.send(request);
    });
    if ('failure' in outcome) throw new Error(`The load failed: ${outcome.failure}`);
    idle.push(child);
    return outcome.result;
  } finally {
    child.removeAllListeners();
    child.channel?.unref();
  }
}

const WARM_UP_SECONDS = 2;

/**
 * Puts load on what is measured next, all at the same time, and forgets what it took: what an engine has not compiled yet takes
 * longer, and a server runs for days. @throws Error where one rejects everything
 */
export async function warmUp(...requests: readonly LoadRequest[]): Promise<void> {
  const results = await Promise.all(requests.map((request) => load({ ...request, seconds: WARM_UP_SECONDS })));
  for (const [place, { statuses }] of results.entries()) {
    const answers = Object.keys(statuses).map(Number);
    if (answers.length > 0 && !answers.some(isAccepted))
      throw new Error(`${requests[place]!.url} rejected everything: ${JSON.stringify(statuses)}`);
  }
}

/** Answers with a status below 300. */
export const accepted = ({ statuses }: LoadResult): number =>
  Object.entries(statuses).reduce((sum, [status, count]) => sum + (isAccepted(Number(status)) ? count : 0), 0);

export const isAccepted = (status: number): boolean => status < 300;

export const perSecond = (result: LoadResult): number => accepted(result) / result.seconds;

/** Requests that nothing was heard of: they may have been carried out or not. */
export const unanswered = ({ sent, statuses }: LoadResult): number =>
  sent - Object.values(statuses).reduce((sum, count) => sum + count, 0);

/** What was not accepted, for the notes of a row. */
export const rejections = ({ statuses, errors }: LoadResult): string[] => [
  ...Object.entries(statuses)
    .filter(([status]) => !isAccepted(Number(status)))
    .map(([status, count]) => `${count} x ${status}`),
  ...(errors > 0 ? [`${errors} connection errors`] : []),
];
