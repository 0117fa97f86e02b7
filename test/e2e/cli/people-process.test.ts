// The command line as a shell runs it: what it loads, how it asks, and what it completes.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { build } from '../../faults/server-process.js';
import { COMPILE_CACHE } from '../../support/compile-cache.js';
import { PASSWORD, type TestServer, type TestTenant, createTenant, startTestServer } from '../../support/server.js';
import { createService } from '../signing/issuer.js';

const MAIN = join(import.meta.dirname, '../../../dist/apps/cli/src/main.js');
const folder = mkdtempSync(join(tmpdir(), 'chancery-shell-'));

let server: TestServer;
let tenant: TestTenant;
beforeAll(async () => {
  build();
  server = await startTestServer();
  tenant = await createTenant(server, 'shell');
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...COMPILE_CACHE,
  PATH: process.env['PATH'],
  CHANCERY_URL: server.url,
  XDG_CONFIG_HOME: folder,
  ...more,
});

/** Runs a command line, with this standard input. */
function chancery(
  parameters: readonly string[],
  { input = '', more = {}, node = [] }: { input?: string; more?: NodeJS.ProcessEnv; node?: readonly string[] } = {},
): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...node, MAIN, ...parameters], { env: environment(more) });
    const written = { output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (written.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (written.errors += chunk.toString()));
    child.on('close', (code) => resolve({ code, ...written }));
    child.stdin.end(input);
  });
}

/** Whether a command is on this machine. */
function has(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('the process of the command line', () => {
  it('commands for a server load none of the libraries of the server', async () => {
    const hook = join(folder, 'hook.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
       registerHooks({ load: (url, context, next) => {
         if (/dist\\/libs\\/(?!sdk)|node_modules\\/(@nestjs|typeorm|better-sqlite3|reflect-metadata|jose)/.test(url)) throw new Error(url + ' is loaded');
         return next(url, context);
       } });`,
    );
    const { serviceKey } = await createService(server, tenant);
    const node = ['--import', hook];
    const who = await chancery(['whoami'], { node, more: { CHANCERY_TOKEN: serviceKey } });
    expect(who).toMatchObject({ code: 0, errors: '', output: expect.stringMatching(/^service +service-/m) });
    const local = await chancery(['doctor'], { node });
    expect(local.errors).toMatch(/is loaded/);
  });

  it('questions are answered line by line where the standard input is no terminal', async () => {
    const signedIn = await chancery(['login'], { input: `${tenant.owner.email}\n${PASSWORD}\n` });
    expect(signedIn).toMatchObject({ code: 0, output: '' });
    expect((await chancery(['whoami'])).output).toContain(tenant.owner.email);
    const closed = await chancery(['login', '--email', tenant.owner.email]);
    expect(closed).toMatchObject({ code: 1, errors: 'Password: the standard input has ended\n' });
    expect(await chancery(['--version'])).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.runIf(has('script'))('a password is not shown while it is typed', async () => {
    const line = `${process.execPath} ${MAIN} login`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { env: environment({ TERM: 'xterm' }) });
    const shown = await dialogue(terminal, [
      ['E-mail: ', tenant.owner.email],
      ['Password: ', PASSWORD],
    ]);
    expect(shown).toContain(tenant.owner.email);
    expect(shown).toContain(`Signed in to ${server.url}`);
    expect(shown).not.toContain(PASSWORD);
  });
});

/** Types each answer when its question has appeared. @returns all that the terminal showed */
function dialogue(
  terminal: ChildProcessWithoutNullStreams,
  steps: readonly (readonly [question: string, answer: string])[],
): Promise<string> {
  const left = [...steps];
  let shown = '';
  return new Promise((resolve) => {
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [next] = left;
      if (next === undefined || !shown.includes(next[0])) return;
      left.shift();
      terminal.stdin.write(`${next[1]}\r`);
    });
    terminal.on('close', () => resolve(shown));
  });
}

describe('completion', () => {
  it('every command that can be completed is in the documentation', async () => {
    const { output } = await chancery(['completion', 'bash']);
    const paths = [.../^ +' \S.*$/m.exec(output)![0].matchAll(/' ([^']+)'/g)].map(([, path]) => path!);
    const commands = paths.filter((path) => !paths.some((other) => other.startsWith(`${path} `)));
    const page = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
    expect(commands).toContain('credentials rotate');
    expect(commands.filter((command) => !page.includes(`\`${command}\``))).toEqual(['certificates create']);
  });

  it('the script of the command line completes its commands, options and values in bash', async () => {
    const { code, output } = await chancery(['completion', 'bash']);
    expect(code).toBe(0);
    const words = ['chancery', 'credentials', 'list', '--auth-type', ''];
    const bash = `${output}
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=4
      _chancery && echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-euc', bash], { encoding: 'utf8' })).toBe('service_key jwt\n');
    expect(await chancery(['completion', 'tcsh'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('bash, zsh'),
    });
  });
});
