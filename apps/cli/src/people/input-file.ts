import { readFile } from 'node:fs/promises';

import { Refusal, type Terminal } from '../terminal.js';

/** The bytes of a file; `-` is the standard input, as text. @throws Refusal where it cannot be read */
export async function bytesOf(terminal: Terminal, file: string): Promise<Buffer> {
  if (file === '-') return Buffer.from((await terminal.readInput?.()) ?? '');
  return readFile(file).catch((error: Error) => {
    throw new Refusal(error.message);
  });
}

/** The same as text. @throws Refusal */
export const textOf = async (terminal: Terminal, file: string): Promise<string> =>
  (await bytesOf(terminal, file)).toString();
