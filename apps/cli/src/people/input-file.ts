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

/** The JSON object in a file; `undefined` without a file. @throws Refusal that says `expectation` */
export async function jsonObjectIn(
  terminal: Terminal,
  file: string | undefined,
  expectation: string,
): Promise<Record<string, unknown> | undefined> {
  if (file === undefined) return undefined;
  const text = await textOf(terminal, file);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Explained below.
  }
  throw new Refusal(expectation);
}
