import { acmeSettings } from '#acme';
import { announcementSettings } from '#announcements';
import { checkpointSettings, personalDataSettings } from '#audit';
import {
  ConfigurationError,
  type Setting,
  type SettingTable,
  type SettingValues,
  readSettings,
  settings as processSettings,
  unknownVariables,
} from '#config';
import { databaseSettings, databaseTlsProblems } from '#database';
import { issuerSettings } from '#issuers';
import { mailProblems, mailSettings } from '#mail';
import { jwksUrlSettings } from '#signing';
import { accountSettings } from '#tenants';
import { tracingSettings } from '#tracing';
import { masterKeySettings } from '#vault';

/** Every setting of the server; `docs/configuration.md` is made from this table. */
export const settings = {
  ...processSettings,
  ...databaseSettings,
  ...masterKeySettings,
  ...checkpointSettings,
  ...personalDataSettings,
  ...accountSettings,
  ...jwksUrlSettings,
  ...issuerSettings,
  ...acmeSettings,
  ...announcementSettings,
  ...mailSettings,
  ...tracingSettings,
} as const satisfies SettingTable;

/** What a process runs with. */
export type Configuration = SettingValues<typeof settings>;

export interface LoadedConfiguration {
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
  const configuration = readSettings(settings, environment);
  const problems = [
    ...databaseTlsProblems(configuration).map((problem) => `CHANCERY_DATABASE_TLS: ${problem}`),
    ...metricsProblems(configuration),
    ...mailProblems(configuration),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { configuration, warnings: unknownVariables(settings, environment) };
}

/** Each of several workers shows its own metrics, so that each needs a port. */
function metricsProblems({ metricsPort, metricsToken, workers }: Configuration): string[] {
  const isOn = metricsPort !== undefined || metricsToken !== undefined;
  if (workers === 1 || !isOn || (metricsPort ?? 0) > 0) return [];
  return ['CHANCERY_METRICS_PORT: must be set, and not 0, for the metrics of several WORKERS'];
}

/** The table as `docs/configuration.md` shows it. */
export function configurationMarkdown(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(({ variable, fallback, description, secret }) => {
    const shown = fallback === undefined ? 'not set' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${variable}\` | ${shown} | ${description}${secret ? ' **Secret.**' : ''} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
