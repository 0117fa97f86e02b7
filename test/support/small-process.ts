import { type ChildProcess, type ExecFileOptions, fork } from 'node:child_process';
import { join } from 'node:path';

export interface CommandResult {
  readonly code: number;
  /** What it wrote to both of its outputs. */
  readonly text: string;
}

interface Answer extends CommandResult {
  readonly id: number;
}

const waiting = new Map<number, PromiseWithResolvers<CommandResult>>();
let asked = 0;
let starter: ChildProcess | undefined;

/**
 * Runs a command and answers how it ended, never through a shell. Not this process starts it, but a small one beside it: to start
 * a process is to copy the page tables of the one that does, which takes 30 ms of a processor for each GB of a process of tests.
 */
export function runCommand(
  command: string,
  parameters: readonly string[],
  options: Pick<ExecFileOptions, 'cwd' | 'timeout'>,
): Promise<CommandResult> {
  starter ??= startStarter();
  const id = ++asked;
  const answer = Promise.withResolvers<CommandResult>();
  waiting.set(id, answer);
  if (waiting.size === 1) starter.channel?.ref();
  starter.send({ id, command, parameters, options });
  return answer.promise;
}

function startStarter(): ChildProcess {
  const child = fork(join(import.meta.dirname, 'process-starter.mjs'), { execArgv: [] });
  child.on('message', ({ id, ...result }: Answer) => {
    waiting.get(id)?.resolve(result);
    waiting.delete(id);
    if (waiting.size === 0) child.channel?.unref();
  });
  child.once('exit', (code) => {
    starter = undefined;
    for (const { reject } of waiting.values()) reject(new Error(`What starts processes ended with ${code}`));
    waiting.clear();
  });
  // Nothing keeps a process of tests from its end for it.
  child.unref();
  return child;
}
