import { Secret, type SettingTable } from '#core';

/** What a process runs with, typed by the table. A library names its own: `SettingValues<typeof databaseSettings>`. */
export type SettingValues<Table extends SettingTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]['parse']>;
};

/** The token of the values of all settings. */
export const CONFIGURATION = Symbol('configuration');

/** Lists everything that is wrong with the environment. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const SHOWN_CHARACTERS_MAX = 100;

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that are no settings of ours, for programs that we start: they get no secret of ours. */
export interface ForeignVariables {
  readonly foreignVariables: Secret<Readonly<Record<string, string>>>;
}

/** Not those that are for our own runtime: inspectors and loaders of the server are none of a program that it starts. */
export function foreignVariables(table: SettingTable, environment: Environment): ForeignVariables {
  const ours = new Set(Object.values(table).map(({ variable }) => variable));
  const others = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !ours.has(entry[0]) && !/^(CHANCERY_|NODE_OPTIONS$)/.test(entry[0]),
  );
  return { foreignVariables: new Secret(Object.fromEntries(others)) };
}

/**
 * Reads the settings of a table from an environment; an empty variable counts as absent.
 *
 * @throws ConfigurationError with every problem, never with the value of a secret
 */
export function readSettings<Table extends SettingTable>(table: Table, environment: Environment): SettingValues<Table> {
  const problems = Object.values(table).flatMap(({ variable, excludes = [] }) =>
    excludes
      .filter((other) => environment[variable] && environment[other])
      .map((other) => `${variable} and ${other} exclude each other`),
  );
  const entries = Object.entries(table).map(([name, row]) => {
    const given = environment[row.variable] || row.fallback;
    if (given === undefined) return [name, undefined];
    try {
      return [name, row.parse(given)];
    } catch (error) {
      const shown = row.secret ? '' : `, not ${shownValue(given)}`;
      problems.push(`${row.variable}: ${(error as Error).message}${shown}`);
      return [name, undefined];
    }
  });
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.fromEntries(entries) as SettingValues<Table>;
}

/** What was given, as far as a line shows it, and without what is a password where a URL was meant. */
function shownValue(value: string): string {
  const shown = JSON.stringify(value.replaceAll(/\/\/.*@/gs, '//...@'));
  return shown.length > SHOWN_CHARACTERS_MAX ? `${shown.slice(0, SHOWN_CHARACTERS_MAX)}..."` : shown;
}

/** Variables that look like ours and are not in the table: most likely spelling mistakes. */
export function unknownVariables(table: SettingTable, environment: Environment): string[] {
  const known = new Set(Object.values(table).map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((name) => name.startsWith('CHANCERY_') && !known.has(name))
    .map((name) => `${name} is not a setting and has no effect`);
}
