import { ConfigurationError, foreignVariables, readSettings, unknownVariables } from '#config';

import type { Configuration } from './configuration.js';
import { declaredSettings } from './declared-settings.js';
import { InstallationModule } from './installation.module.js';

/** Every setting of the server, as its libraries declare them; `docs/configuration.md` is made from this table. */
export const { settings, problemsOf } = declaredSettings(InstallationModule);

interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Variables that look like ours and are not. */
  readonly warnings: readonly string[];
}

/**
 * Reads the settings from an environment; an empty variable counts as absent.
 *
 * @throws ConfigurationError with every problem, never with the value of a secret
 */
export function loadConfiguration(environment: Readonly<Record<string, string | undefined>>): LoadedConfiguration {
  const values = readSettings(settings, environment);
  const problems = problemsOf(values);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const configuration = { ...values, ...foreignVariables(settings, environment) } as Configuration;
  return { configuration, warnings: unknownVariables(settings, environment) };
}

/** The table as `docs/configuration.md` shows it. */
export function configurationMarkdown(): string {
  const rows = Object.values(settings).map(({ variable, fallback, description, secret }) => {
    const shown = fallback === undefined ? 'not set' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${variable}\` | ${shown} | ${description}${secret ? ' **Secret.**' : ''} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
