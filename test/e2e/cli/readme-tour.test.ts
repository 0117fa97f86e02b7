// Walks the README as a new user does: its shell blocks in their order, in a folder without data.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { build } from '../../faults/server-process.js';
import { COMPILE_CACHE } from '../../support/compile-cache.js';

const ROOT = join(import.meta.dirname, '../../..');
const ADDRESS = 'http://127.0.0.1:3000';
const STARTS_WITHIN_MILLISECONDS = 60_000;
const runFile = promisify(execFile);

/** The commands of each shell block, from the first one that starts a server to the one that ends the tour. */
const [twoCommands, reset, curl] = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(
  ([, block]) => block!,
) as [string, string, string];

let folder: string;
let port: number;
let running: ChildProcess | undefined;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as { port: number };
      server.close(() => resolve(free));
    });
  });

beforeAll(async () => {
  build();
  port = await freePort();
  folder = mkdtempSync(join(tmpdir(), 'chancery-tour-'));
  // A clone in which `npm start` finds everything installed and built, and no data.
  for (const name of ['package.json', 'package-lock.json', 'scripts', 'node_modules', 'dist', 'apps', 'libs']) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the README's reader has in the shell: nothing of the settings that tests run with. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(CHANCERY_|DATABASE_URL|TEST_|NODE_|npm_|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(own), ...COMPILE_CACHE, PORT: String(port), CHANCERY_DRAIN_SECONDS: '0' };
}

/** Runs a command that ends. @returns what it printed; fails where it fails */
const shell = async (commands: string): Promise<string> => {
  const script = `set -eo pipefail\n${commands.replaceAll(ADDRESS, `http://127.0.0.1:${port}`)}`;
  return (await runFile('bash', ['-c', script], { cwd: folder, env: shellEnvironment() })).stdout;
};

/** Runs a command that starts a server, and waits until it listens. @returns what it has printed by then */
async function start(command: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn('bash', ['-c', command], {
    cwd: folder,
    env: { ...shellEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running = child;
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${command} ${why}:\n${output}`));
    const patience = setTimeout(() => fail('does not listen'), STARTS_WITHIN_MILLISECONDS);
    child.once('exit', (code) => fail(`ended with ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        // The last line of what a start says.
        if (!/^ +open http.*\/docs/m.test(output)) return;
        clearTimeout(patience);
        resolve(output);
      });
    }
  });
}

/** Ctrl+C: the terminal sends it to npm and to the server alike. */
async function stop(): Promise<void> {
  const child = running;
  if (child === undefined) return;
  running = undefined;
  const ended = new Promise((resolve) => child.once('close', resolve));
  process.kill(-child.pid!, 'SIGINT');
  await ended;
}

/** The line of a block that begins with these words, without its comment. */
const commandOf = (block: string, words: string): string => {
  const line = block.split('\n').find((text) => text.startsWith(words));
  if (line === undefined) throw new Error(`The README does not say ${words} where the tour expects it`);
  return line.split(' #', 1)[0]!.trim();
};

const logIn = (password: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'admin@localhost', password }),
  });

afterEach(stop);

describe('the tour of the README', () => {
  it('the tour of the README begins with a server that prints the password of its administrator once', async () => {
    const output = await start(commandOf(twoCommands, 'npm start'));
    expect(statSync(join(folder, 'data/master.key')).mode & 0o777).toBe(0o600);
    const password = /Password: (\S+) +\(shown this once/.exec(output)?.[1];
    expect(password).toBeDefined();
    expect((await logIn(password!)).status).toBe(200);
  });

  it('the tour of the README gives the administrator a password, and every command of it is accepted', async () => {
    await shell(commandOf(reset, 'CHANCERY_ADMIN_PASSWORD='));
    const again = await start(commandOf(reset, 'npm start'));
    expect(again).not.toContain('was ignored');
    const printed = await shell(curl);
    // One JSON document after the other, as `curl -s` prints them.
    const documents = printed.split(/(?<=\})(?=\{)/).map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(documents.filter((document) => 'code' in document)).toEqual([]);
    const token = documents.find((document) => 'token' in document)!['token'] as string;
    const keys = documents.find((document) => 'keys' in document) as unknown as Parameters<typeof createLocalJWKSet>[0];
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys));
    expect(payload).toMatchObject({ sub: 'invoice-42', scope: 'invoices:write', aud: 'https://api.partner.example' });
    const { items } = documents.at(-1)! as unknown as { items: { action: string }[] };
    expect(items.map(({ action }) => action)).toContain('token.issued');
  });

  it('the tour of the README may be started again with another password, which is ignored and said to be', async () => {
    const output = await start('npm start', { CHANCERY_ADMIN_PASSWORD: 'quite another password' });
    expect(output).toContain('CHANCERY_ADMIN_PASSWORD was ignored');
    expect(output).toContain('admin reset --email admin@localhost');
    expect((await logIn('quite another password')).status).toBe(401);
    expect((await logIn('correct horse battery staple')).status).toBe(200);
  });

  it('the tour of the README shows the whole job by its second command', async () => {
    const shown = await shell(commandOf(twoCommands, 'npm run demo'));
    expect(shown.match(/^ {3}\$ curl /gm)!.length).toBeGreaterThan(5);
    expect(existsSync(join(folder, 'data'))).toBe(true);
  });
});
