import { type Configuration, loadConfiguration } from '#config';
import { platformScope, systemOrigin } from '#core';
import { type Installation, openInstallation } from '#installation';
import { createLogger } from '#logging';
import { hostTime } from '#scheduler';

/** What the process lends: `main.ts` alone touches it. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly fail: (text: string) => void;
}

/** A refusal that is explained by its message alone. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Who the history names for what is done by the command line. */
export const CLI = platformScope(systemOrigin('cli'));

/** Runs a command on the installation that the environment names; it must be open. @throws Refusal where it is sealed */
export async function onInstallation<T>(
  terminal: Terminal,
  work: (installation: Installation, configuration: Configuration) => Promise<T>,
): Promise<T> {
  const { configuration, warnings } = loadConfiguration(terminal.environment);
  for (const warning of warnings) terminal.fail(`${warning}\n`);
  const logger = createLogger('warn', { write: (line) => terminal.fail(line) });
  const installation = await openInstallation(configuration, hostTime(), logger);
  try {
    if (installation.vault.sealed) throw new Refusal('The master key is missing or does not open this database.');
    return await work(installation, configuration);
  } finally {
    await installation.database.close();
  }
}
