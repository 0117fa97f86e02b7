import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { COMPILE_CACHE } from '../support/compile-cache.js';
import type { Shape } from '../support/server.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/apps/server/src/main.js');
const START_MILLISECONDS = 120_000;
const READY_MILLISECONDS = 60_000;
const READY_AGAIN_MILLISECONDS = 100;

/** The built server as a process of its own. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** Everything that it has printed. */
  readonly output: () => string;
  /** Ends it as an orchestrator does; gives its exit code. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut does, at whatever point it is. */
  kill(): Promise<void>;
}

export interface ProcessAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Shape;
}

export interface Call {
  readonly token?: string | undefined;
  /** Sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Builds what `npm test` would have built; does nothing where that is as new as its sources. */
export const build = (): void => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepare.mjs'), 'test'], { cwd: ROOT, stdio: 'pipe' });
};

/** Starts a server and waits until it listens. @throws Error with its output where it does not */
export async function startProcess(
  environment: Readonly<Record<string, string>>,
  /** Shell commands that are run first, in the same process: limits, ignored signals. */
  prelude = ':',
  /** Another build of the server. */
  main = MAIN,
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-process-'));
  const child = spawn('sh', ['-c', `${prelude}; exec "$0" "$@"`, process.execPath, main], {
    cwd: folder,
    env: {
      ...COMPILE_CACHE,
      PORT: '0',
      LOG_LEVEL: 'error',
      CHANCERY_DRAIN_SECONDS: '0',
      CHANCERY_DATABASE_TLS: 'off',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      // The line names the public URL, at which nothing has to answer where the port is given.
      const address = /Chancery listens on (https?:[^\s,]+)/.exec(output)?.[1];
      if (address === undefined) return;
      listening.resolve(environment['PORT'] === undefined ? address : `http://127.0.0.1:${environment['PORT']}`);
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const fail = (why: string): void => listening.reject(new Error(`The server ${why}:\n${output}`));
  void exited.then((code) => fail(`ended with ${code}`));
  const patience = setTimeout(() => fail('does not listen'), START_MILLISECONDS);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const code = await exited;
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  const stop = (): Promise<number | null> => end('SIGTERM');
  const kill = async (): Promise<void> => {
    await end('SIGKILL');
  };
  try {
    return { address: await listening.promise, pid: child.pid!, output: () => output, stop, kill };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(patience);
  }
}

/** One request; the body of the answer is an empty object where there is none. */
export async function request(
  { address }: ServerProcess,
  method: string,
  path: string,
  { token, body, headers = {} }: Call = {},
): Promise<ProcessAnswer> {
  const answer = await fetch(address + path, {
    method,
    headers: {
      ...headers,
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Shape };
}

/** Waits until a process is ready. @throws Error with its output where it does not become so */
export async function awaitReady(server: ServerProcess): Promise<void> {
  for (const deadline = Date.now() + READY_MILLISECONDS; Date.now() < deadline;) {
    const answer = await request(server, 'GET', '/health/ready').catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(READY_AGAIN_MILLISECONDS);
  }
  throw new Error(`A process does not become ready:\n${server.output()}`);
}
