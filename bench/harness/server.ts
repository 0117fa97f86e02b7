import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { BenchDatabase } from './database.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/apps/server/src/main.js');
const START_MILLISECONDS = 30_000;
/** A server itself ends within 12 s of the signal, whatever hangs. */
const STOP_MILLISECONDS = 20_000;

/** Of every server of this run, so that several can work on one database. */
const MASTER_KEY = randomBytes(32).toString('base64');
export const ADMIN = { email: 'admin@chancery.test', password: randomBytes(18).toString('base64url') };

/** The built server as a process of its own. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** Whether it is still running, and what it printed. */
  readonly state: () => { readonly running: boolean; readonly output: string };
  /** Asks it to end. @throws Error with its output where it does not and had to be killed */
  stop(): Promise<void>;
}

/**
 * Starts the built server on a database and waits until it listens.
 * @param options.preload a module of this folder that is loaded before the server
 * @throws Error with its output where it does not listen
 */
export function startServer(database: BenchDatabase, options: { preload?: string } = {}): Promise<ServerProcess> {
  const { preload } = options;
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-'));
  const before = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href];
  const child = spawn(process.execPath, [...before, MAIN], {
    cwd: folder,
    env: {
      PORT: '0',
      LOG_LEVEL: 'error',
      DATABASE_URL: database.url,
      CHANCERY_MASTER_KEY: MASTER_KEY,
      CHANCERY_ADMIN_EMAIL: ADMIN.email,
      CHANCERY_ADMIN_PASSWORD: ADMIN.password,
      // Callers of this bench are told apart by `X-Forwarded-For`: sign-ins are limited by address.
      TRUSTED_PROXIES: '127.0.0.1/32',
      // There is no load balancer that must notice the end.
      CHANCERY_DRAIN_SECONDS: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return listening(child, /Chancery listens on (http:[^\s,]+)/, () => rmSync(folder, { recursive: true, force: true }));
}

/** Waits until a process has printed its address. @param clean what is left to do once it has ended */
export async function listening(
  child: ChildProcess,
  pattern: RegExp,
  clean = (): void => undefined,
): Promise<ServerProcess> {
  let output = '';
  const address = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const found = pattern.exec(output)?.[1];
      if (found !== undefined) address.resolve(found);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const fail = (why: string): void => address.reject(new Error(`The process ${why}:\n${output}`));
  void ended.then(() => fail('ended'));
  const patience = setTimeout(() => fail('does not listen'), START_MILLISECONDS);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    let isKilled = false;
    const limit = setTimeout(() => (isKilled = child.kill('SIGKILL')), STOP_MILLISECONDS);
    await ended;
    clearTimeout(limit);
    clean();
    if (isKilled) throw new Error(`The process did not end within ${STOP_MILLISECONDS / 1_000} s:\n${output}`);
  };
  try {
    return {
      address: await address.promise,
      pid: child.pid!,
      state: () => ({ running: child.exitCode === null && child.signalCode === null, output }),
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(patience);
  }
}
