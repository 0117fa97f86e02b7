import { execFileSync } from 'node:child_process';

import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';

import { type Shell, completionScript } from './completion.js';

const root = new Command('chancery');
const keys = root.command('keys');
keys
  .command('list')
  .option('--name <name>')
  .addOption(new Option('--state <state>').choices(['active', 'deleted']));
keys.command('create <name>').alias('generate').option('--json');
root.command('sign <profile>').option('--input <file>');

/** What bash offers for a line that was typed up to here. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const script = `${completionScript(root, 'bash')}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _chancery
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['-euc', script], { encoding: 'utf8' });
  return printed.split('\n').filter((word) => word !== '');
}

describe('the completion of the command line', () => {
  it.each([
    ['chancery ', ['keys', 'sign', '--help']],
    ['chancery k', ['keys']],
    ['chancery keys ', ['list', 'create', 'generate', '--help']],
    ['chancery keys list --', ['--name', '--state', '--help']],
    ['chancery keys list --state ', ['active', 'deleted']],
    ['chancery keys list --name x --state d', ['deleted']],
    ['chancery keys generate x --j', ['--json']],
    ['chancery keys create keys --j', ['--json']],
    ['chancery sign $(false) --', ['--input', '--help']],
    ['chancery nothing --', ['--help']],
  ])('bash completes %j', (line, words) => {
    expect(offered(line)).toEqual(words);
  });

  it.each<readonly [Shell, string]>([
    ['bash', '_chancery() {'],
    ['zsh', 'autoload -U +X bashcompinit && bashcompinit'],
  ])('the script for %s begins as the shell expects it', (shell, first) => {
    expect(completionScript(root, shell).split('\n')[0]).toBe(first);
  });
});
