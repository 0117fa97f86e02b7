import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PATIENCE = { timeout: 60_000 };

const script = (lines: readonly string[]): string =>
  ['set -uo pipefail', 'exec </dev/null', '. .ci/steps', ...lines, 'finish'].join('\n');

/** Runs steps as `.ci/run` does. @returns its exit code, and its output by lines */
function run(environment: Readonly<Record<string, string>>, ...lines: readonly string[]) {
  const options = { cwd: ROOT, env: { ...process.env, ...environment }, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync('bash', ['-c', script(lines)], options);
  return { status, lines: stdout.trimEnd().split('\n') };
}

// By GNU's `tail` and by /proc: continuous integration runs on Debian.
describe.skipIf(process.platform !== 'linux')('the steps of continuous integration', () => {
  it('a step counts what its closing line says, or as one check, and the last line is the total', PATIENCE, () => {
    const { status, lines } = run({}, "step suite printf '3 passed, 0 failed, 2 skipped\\n'", 'step check true');
    expect([status, ...lines]).toEqual([
      0,
      '== suite',
      '   3 passed, 0 failed, 2 skipped',
      '== check',
      '4 passed, 0 failed, 2 skipped',
    ]);
  });

  it('a step that fails is named and is the last one, also where its closing line has no failure', PATIENCE, () => {
    const failing = 'failing() { echo "2 passed, 0 failed"; return 3; }';
    const { status, lines } = run({}, failing, 'step suite failing', 'step check true');
    expect([status, ...lines.slice(-2)]).toEqual([1, '== suite failed (exit code 3)', '2 passed, 1 failed']);
  });

  it(
    'a step that continues after its limit is ended, with what it has started, named and counted as failed',
    PATIENCE,
    () => {
      const hanging = `hanging() { trap '' TERM; sleep 600 & echo "started $!"; while :; do sleep 1; done; }`;
      const { status, lines } = run(
        { STEP_SECONDS: '1', END_SECONDS: '1' },
        'step check true',
        hanging,
        'step suite hanging',
      );
      const named = '== suite failed (it did not end within 1 s)';
      expect([status, ...lines.slice(-2)]).toEqual([1, named, '1 passed, 1 failed']);
      expect(isRunning(lines)).toBe(false);
    },
  );

  it('a step that continues after the limit of all steps is ended and named', PATIENCE, () => {
    const { status, lines } = run({ RUN_SECONDS: '2' }, 'step first sleep 0.2', 'step second sleep 600');
    const named = expect.stringMatching(/^== second failed \(it did not end within [12] s\)$/);
    expect([status, ...lines.slice(-2)]).toEqual([1, named, '1 passed, 1 failed']);
  });

  it('a process that a step leaves behind neither holds up the steps nor continues', PATIENCE, () => {
    const leaving = 'leaving() { sleep 600 & echo "started $!"; }';
    const { status, lines } = run({}, leaving, 'step suite leaving', 'step check true');
    expect([status, lines.at(-1)]).toEqual([0, '2 passed, 0 failed']);
    expect(isRunning(lines)).toBe(false);
  });

  it('a signal from outside ends the step that is under way, and prints the total', PATIENCE, async () => {
    const lines = ['starting() { sleep 600 & echo "started $!"; wait; }', 'step suite starting'];
    const child = spawn('bash', ['-c', script(lines)], { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/started \d+\n/.test(output)) child.kill('SIGTERM');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, output.trimEnd().split('\n').at(-1)]).toEqual([1, '0 passed, 1 failed']);
    expect(isRunning(output.split('\n'))).toBe(false);
  });
});

/** Whether the process continues whose id a step has printed. */
function isRunning(lines: readonly string[]): boolean {
  const id = lines.find((line) => line.startsWith('started '))!.split(' ')[1]!;
  const status = existsSync(`/proc/${id}`) ? readFileSync(`/proc/${id}/status`, 'utf8') : '';
  return /^State:\s+[^ZX]/m.test(status);
}
