import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

import { Refusal, type Terminal } from './terminal.js';

type Input = NodeJS.ReadStream;

/**
 * What a person types, or what a pipe brings: then each question is answered by the next line.
 * @param output where questions go; the standard output is for answers of the program
 */
export function standardInput(input: Input, output: NodeJS.WriteStream): Required<Pick<Terminal, 'ask' | 'readInput'>> {
  let lines: string[] | undefined;
  const readLines = async (): Promise<string[]> => (lines ??= (await text(input)).split(/\r?\n/));
  return {
    ask: async (question, { hidden = false } = {}) => {
      if (input.isTTY) return typed(question, hidden, input, output);
      const line = (await readLines()).shift();
      if (line === undefined || line === '') throw new Refusal(`${question.trim()} the standard input has ended`);
      return line;
    },
    readInput: async () => (await readLines()).splice(0).join('\n'),
  };
}

/** @throws Refusal where the person pressed Ctrl+C */
async function typed(prompt: string, silent: boolean, input: Input, output: NodeJS.WriteStream): Promise<string> {
  const { read } = await import('read');
  return read({ prompt, silent, input, output }).catch(() => {
    throw new Refusal('Cancelled');
  });
}

/** What opens a page on each platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', linux: 'xdg-open' };

/** Opens a page in the browser of the person; where there is none, the person has the address. */
export function openBrowser(platform: NodeJS.Platform, url: string): void {
  const opener = OPENERS[platform];
  if (opener === undefined) return;
  const child = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.once('error', () => undefined);
  child.unref();
}
