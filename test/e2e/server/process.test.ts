import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { start } from '../../../apps/server/src/start.js';
import { COMPILE_CACHE } from '../../support/compile-cache.js';
import {
  type TestDatabase,
  createMigratedDatabase,
  createTestDatabase,
  testServerUrl,
} from '../../support/database.js';
import { dumpDatabase } from './database-dump.js';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'dist/apps/server/src/main.js');
const WAIT_MILLISECONDS = 60_000;
/** The drain of the test, and what is under way. */
const STOPS_WITHIN_MILLISECONDS = 12_000;
const PASSWORD_LINE = /^ {2}Password: (\S+) {3}\(shown this once/m;

interface RunningServer {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  readonly errors: () => string;
  readonly exitCode: Promise<number | null>;
}

let folder: string;
let database: TestDatabase;
let keyFile: string;
const running = new Set<ChildProcess>();

beforeAll(() => {
  // Does nothing where the build is as new as its sources.
  execFileSync(process.execPath, [join(ROOT, 'scripts/prepare.mjs'), 'test'], { cwd: ROOT, stdio: 'pipe' });
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-process-'));
  keyFile = join(folder, 'keys', 'master.key');
  database = await createMigratedDatabase();
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const settings = (more: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  PORT: '0',
  DATABASE_URL: database.url,
  CHANCERY_DATABASE_TLS: 'off',
  CHANCERY_MASTER_KEY_FILE: keyFile,
  CHANCERY_DRAIN_SECONDS: '0',
  ...more,
});

function launch(environment: Readonly<Record<string, string>> = {}): RunningServer {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { ...COMPILE_CACHE, ...settings(environment) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, output: () => output, errors: () => errors, exitCode };
}

/** A start in this process, of which nothing is asked but what it says and leaves. */
async function startHere(environment: Readonly<Record<string, string>> = {}) {
  const said = { output: '', errors: '' };
  const ended = Promise.withResolvers<number>();
  let stopBy: (signal: 'SIGTERM') => void = () => undefined;
  await start({
    environment: settings(environment),
    write: (text) => void (said.output += text),
    fail: (text) => void (said.errors += text),
    onStop: (stop) => void (stopBy = stop),
    exit: ended.resolve,
  });
  return { ...said, stop: () => (stopBy('SIGTERM'), ended.promise) };
}

async function until<T>(what: string, find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let waited = 0; waited < WAIT_MILLISECONDS; waited += 50) {
    const found = await find();
    if (found !== undefined) return found;
    await delay(50);
  }
  throw new Error(`Waited without success for ${what}`);
}

/** Where it listens, once it says so. */
async function addressOf({ output, errors, child }: RunningServer): Promise<URL> {
  return until(`the server to listen: ${errors()}`, () => {
    if (child.exitCode !== null) throw new Error(`The server ended: ${output()}${errors()}`);
    const text = /Chancery listens on (http:[^\s,]+)/.exec(output())?.[1];
    return text === undefined ? undefined : new URL(text);
  });
}

async function stop(server: RunningServer, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  server.child.kill(signal);
  return server.exitCode;
}

async function statusOf(address: URL, path: string): Promise<number> {
  return (await fetch(new URL(path, address))).status;
}

describe('a first start', () => {
  beforeEach(async () => {
    await database.drop();
    database = await createTestDatabase();
  });

  it('a first start creates a master key and an administrator, says what to try, and is the only one that prints a password; SIGTERM ends the next one in a moment when it comes a second time', async () => {
    const server = launch();
    const address = await addressOf(server);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const key = readFileSync(keyFile, 'utf8');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);

    await until('the greeting', () => (server.output().includes('/docs') ? true : undefined));
    const commands = server.output().split('Try next:\n')[1]!.split('\n');
    expect(commands.filter((line) => line.startsWith('  '))).toHaveLength(4);
    expect(await statusOf(address, '/health/ready')).toBe(200);
    expect(await statusOf(address, '/docs')).toBe(200);
    const [, password] = PASSWORD_LINE.exec(server.output())!;
    const login = await fetch(new URL('/v1/auth/login', address), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: 'admin@localhost', password }),
    });
    expect(login.status).toBe(200);
    expect(await stop(server)).toBe(0);
    expect(server.output().split(password!)).toHaveLength(2);
    expect(server.errors()).toBe('');

    const second = launch({ CHANCERY_DRAIN_SECONDS: '300' });
    const secondAddress = await addressOf(second);
    second.child.kill('SIGTERM');
    await until('readiness to turn', async () =>
      (await statusOf(secondAddress, '/health/ready')) === 503 ? true : undefined,
    );
    second.child.kill('SIGTERM');
    expect(await second.exitCode).toBe(1);
    expect(second.output()).not.toMatch(/Password/);
    expect(second.output()).not.toContain(key.trim());
    expect(readFileSync(keyFile, 'utf8')).toBe(key);
  });

  it('a first start takes the administrator from the environment, and does not repeat the password; SIGINT ends it without a drain', async () => {
    const server = launch({ CHANCERY_ADMIN_EMAIL: 'ada@example.com', CHANCERY_ADMIN_PASSWORD: 'a long pass phrase' });
    await addressOf(server);
    expect(await stop(server)).toBe(0);
    expect(server.output()).toContain('ada@example.com');
    expect(server.output()).not.toContain('a long pass phrase');
    expect(server.output()).not.toContain('ignored');

    const again = launch({
      CHANCERY_ADMIN_EMAIL: 'ada@example.com',
      CHANCERY_ADMIN_PASSWORD: 'another pass phrase',
      CHANCERY_DRAIN_SECONDS: '300',
    });
    await addressOf(again);
    expect(await stop(again, 'SIGINT')).toBe(0);
    expect(again.output()).toContain('CHANCERY_ADMIN_PASSWORD was ignored');
    expect(again.output()).toContain('admin reset --email ada@example.com');
    expect(again.output()).not.toContain('another pass phrase');
  });
});

describe('a master key file', () => {
  it('a master key file that others may read, or that holds no key, stops the start; one that is gone seals the server, and is not made anew', async () => {
    const first = await startHere();
    expect(await first.stop()).toBe(0);
    chmodSync(keyFile, 0o640);
    const readable = launch();
    expect(await readable.exitCode).toBe(1);
    expect(readable.errors()).toMatch(/^Chancery cannot start: .*mode 640.*chmod 600/);
    expect(readable.errors()).not.toContain(readFileSync(keyFile, 'utf8').trim());

    chmodSync(keyFile, 0o600);
    writeFileSync(keyFile, 'not a key');
    const without = await startHere();
    expect(without.errors).toMatch(/^Chancery cannot start: /);

    rmSync(keyFile);
    const before = await dumpDatabase(database.url);
    const server = launch();
    const address = await addressOf(server);
    expect(server.output()).toContain('SEALED');
    expect(await statusOf(address, '/health/live')).toBe(200);
    expect(await statusOf(address, '/health/ready')).toBe(503);
    expect(await statusOf(address, '/v1/whoami')).toBe(503);
    expect(await stop(server)).toBe(0);
    expect(existsSync(keyFile)).toBe(false);
    expect(await dumpDatabase(database.url)).toEqual(before);
  });
});

describe('SIGTERM', () => {
  it('SIGTERM says "not ready" and answers on while it drains, then finishes what has begun and ends with 0 within 12 s', async () => {
    const server = launch({ CHANCERY_DRAIN_SECONDS: '2' });
    const address = await addressOf(server);
    const socket = connect(Number(address.port), address.hostname);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    // A request that has begun keeps its connection open until it is answered.
    socket.write(`GET /health/live HTTP/1.1\r\nHost: ${address.host}\r\n`);
    await delay(200);

    server.child.kill('SIGTERM');
    const afterStopping = delay(STOPS_WITHIN_MILLISECONDS, 'it still runs', { ref: false });
    // New connections are accepted; each answer, a refusal of the router included, closes its own.
    const { status, headers, body } = await until('readiness to turn', async () => {
      const ready = await fetch(new URL('/health/ready', address));
      return ready.status === 503
        ? { ...ready, status: 503, headers: ready.headers, body: await ready.json() }
        : undefined;
    });
    expect([status, headers.get('connection')]).toEqual([503, 'close']);
    expect(body).toMatchObject({ checks: { accepting: false, database: true } });
    for (const path of ['/health/live', '/v1/whoami', '/nowhere', '/%zz']) {
      expect([path, (await fetch(new URL(path, address))).headers.get('connection')]).toEqual([path, 'close']);
    }

    await until('new connections to be refused', () =>
      statusOf(address, '/health/live').then(
        () => undefined,
        () => true,
      ),
    );
    socket.write('\r\n');
    await until('the last answer', () => (answer.includes('}') ? true : undefined));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/connection: close/i);
    expect(await Promise.race([server.exitCode, afterStopping])).toBe(0);
  });

  it('SIGTERM ends a server that is still starting', async () => {
    // A database server that accepts a connection and never says anything.
    const connected = Promise.withResolvers<void>();
    const silent = createServer(() => connected.resolve()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const starting = launch({ DATABASE_URL: `mysql://root@127.0.0.1:${port}/chancery` });
    await connected.promise;
    expect(await stop(starting)).toBe(0);
    silent.close();
  });
});

describe('a configuration that cannot work', () => {
  it('a configuration that cannot work is rejected with every error, and no secret', async () => {
    const wrong = { PORT: 'http', LOG_LEVEL: 'loud', WORKERS: '0', CHANCERY_ADMIN_PASSWORD: 'too short' };
    const { output, errors } = await startHere(wrong);
    for (const variable of Object.keys(wrong)) {
      expect(errors).toMatch(new RegExp(`^ {2}- ${variable}: must `, 'm'));
    }
    expect(errors).not.toContain('too short');
    expect(output).toBe('');
    expect(existsSync(keyFile)).toBe(false);
  });

  it('a server whose database does not answer does not start', async () => {
    const server = launch({ DATABASE_URL: 'mysql://root:hidden@127.0.0.1:1/chancery' });
    expect(await server.exitCode).toBe(1);
    expect(server.errors()).toMatch(
      /^Chancery cannot start: The database server at 127\.0\.0\.1:1 \(DATABASE_URL\) cannot/,
    );
    expect(server.errors()).not.toContain('hidden');
    expect(existsSync(keyFile)).toBe(false);
  });

  it('a server whose port is taken does not start', async () => {
    const holder = createServer().listen(0);
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const server = launch({ PORT: String(port) });
    expect(await server.exitCode).toBe(1);
    const refused = /^Chancery cannot start: The server cannot listen on 127\.0\.0\.1:\d+ \(HOST, PORT\): .*EADDRINUSE/;
    expect(server.errors()).toMatch(refused);
    holder.close();
  });
});

async function expectWorkersRejected(): Promise<void> {
  const { errors } = await startHere({ WORKERS: '2' });
  expect(errors).toMatch(/^WORKERS above 1 needs MySQL or MariaDB/);
  expect(existsSync(keyFile)).toBe(false);
}

async function expectOnePort(): Promise<void> {
  const server = launch({ WORKERS: '2' });
  const address = await addressOf(server);
  expect(server.output().match(new RegExp(PASSWORD_LINE, 'gm'))).toHaveLength(1);
  for (let request = 0; request < 6; request += 1) expect(await statusOf(address, '/health/ready')).toBe(200);
  const taken = launch({ WORKERS: '2', PORT: address.port });
  expect(await taken.exitCode).toBe(1);
  expect(taken.errors()).toContain('No worker could start to listen.');
  expect(await stop(server)).toBe(0);
  expect(server.output().match(/Chancery listens/g)).toHaveLength(1);
}

/** The processes that a process has started, and that run. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

describe('several workers', () => {
  it.skipIf(testServerUrl === undefined)('several workers end by SIGTERM also while they start', async () => {
    const server = launch({ WORKERS: '2' });
    const pid = server.child.pid!;
    const workers = await until('the workers', () => (childrenOf(pid).length === 2 ? childrenOf(pid) : undefined));
    const ended = stop(server);
    // Where one does not end, its parent waits for it.
    expect(await Promise.race([ended, delay(STOPS_WITHIN_MILLISECONDS, 'running')])).toBe(0);
    for (const worker of workers) expect(existsSync(`/proc/${worker}`)).toBe(false);
  });

  it('several workers share a port, a first start and its one password on a database server, and are rejected on SQLite', async () => {
    await (testServerUrl === undefined ? expectWorkersRejected() : expectOnePort());
  });
});
