import { databaseTlsProblems } from './database-tls.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

type Settings = typeof settings;

/** What the process runs with, typed by the table. */
export type Configuration = { readonly [Name in keyof Settings]: ReturnType<Settings[Name]['parse']> };

/** The token of the configuration. */
export const CONFIGURATION = Symbol('configuration');

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Variables that look like ours and are not: most likely spelling mistakes. */
  readonly warnings: readonly string[];
}

/** Lists everything that is wrong with the environment. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Settings that say the same thing in two ways. */
const EXCLUSIVE = [
  ['CHANCERY_MASTER_KEY', 'CHANCERY_MASTER_KEY_FILE'],
  ['CHANCERY_PREVIOUS_MASTER_KEY', 'CHANCERY_PREVIOUS_MASTER_KEY_FILE'],
  ['CHANCERY_PKCS11_MODULE', 'CHANCERY_MASTER_KEY'],
  ['CHANCERY_PKCS11_MODULE', 'CHANCERY_MASTER_KEY_FILE'],
] as const;

/**
 * Reads the settings from an environment; an empty variable counts as absent.
 *
 * @throws ConfigurationError with every problem, never with the value of a secret
 */
export function loadConfiguration(environment: Readonly<Record<string, string | undefined>>): LoadedConfiguration {
  const problems: string[] = EXCLUSIVE.filter((pair) => pair.every((name) => environment[name])).map(
    ([one, other]) => `${one} and ${other} exclude each other`,
  );
  const entries = Object.entries<Setting<unknown>>(settings).map(([name, row]) => {
    const given = environment[row.variable] || row.fallback;
    if (given === undefined) return [name, undefined];
    try {
      return [name, row.parse(given)];
    } catch (error) {
      const shown = row.secret ? '' : `, not ${JSON.stringify(given)}`;
      problems.push(`${row.variable}: ${(error as Error).message}${shown}`);
      return [name, undefined];
    }
  });
  const configuration = Object.fromEntries(entries) as Configuration;
  if (problems.length === 0) {
    problems.push(...databaseTlsProblems(configuration).map((problem) => `CHANCERY_DATABASE_TLS: ${problem}`));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { configuration, warnings: unknownVariables(environment) };
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values<Setting<unknown>>(settings).map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((name) => name.startsWith('CHANCERY_') && !known.has(name))
    .map((name) => `${name} is not a setting and has no effect`);
}

/** The table as `docs/configuration.md` shows it. */
export function configurationMarkdown(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(({ variable, fallback, description, secret }) => {
    const shown = fallback === undefined ? 'not set' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${variable}\` | ${shown} | ${description}${secret ? ' **Secret.**' : ''} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
