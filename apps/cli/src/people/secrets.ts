import { open, rm } from 'node:fs/promises';

import type { Command } from 'commander';

import { Refusal } from '../terminal.js';
import type { Work } from './command.js';

export interface SecretOptions {
  readonly showSecrets?: boolean;
  readonly secretsTo?: string;
}

export const withSecretOptions = (command: Command): Command =>
  command
    .option('--show-secrets', 'print the secrets')
    .option('--secrets-to <file>', 'write the secrets as JSON to a new file that only you can read');

/**
 * Asks for something whose answer is the only one with its secrets. Where they go is decided before: a file that cannot be
 * written must not cost them.
 * @param secretsIn the secrets of an answer by their names in the file
 * @throws Refusal where it was not said where they go, or the file exists
 */
export async function withSecrets<Answer>(
  { options: { showSecrets = false, secretsTo } }: Pick<Work<SecretOptions>, 'options'>,
  request: () => Promise<Answer>,
  secretsIn: (answer: Answer) => Readonly<Record<string, string>>,
): Promise<Answer> {
  if (secretsTo === undefined) {
    if (!showSecrets) {
      throw new Refusal(
        'The response contains secrets that may be shown only once: use --secrets-to <file> or --show-secrets',
      );
    }
    return request();
  }
  const file = await open(secretsTo, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(error.code === 'EEXIST' ? `${secretsTo} exists already` : `${secretsTo}: ${error.message}`);
  });
  try {
    const answer = await request();
    await file.writeFile(`${JSON.stringify(secretsIn(answer), undefined, 2)}\n`);
    return answer;
  } catch (error) {
    await rm(secretsTo, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** What is printed of a thing with a secret. */
export const shown = <Item extends { readonly secret: string }>(
  { options }: Pick<Work<SecretOptions>, 'options'>,
  item: Item,
): Item | Omit<Item, 'secret'> => {
  if (options.showSecrets) return item;
  const { secret: _, ...rest } = item;
  return rest;
};
