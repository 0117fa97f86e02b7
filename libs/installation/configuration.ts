import type { checkpointSettings } from '#audit';
import type { ForeignVariables, SettingValues, settings } from '#config';
import type { databaseSettings } from '#database';
import type { accountSettings } from '#tenants';
import type { tracingSettings } from '#tracing';
import type { masterKeySettings } from '#vault';

/**
 * What a process runs with, as far as the installation and the applications read it. What only a library reads, it names by
 * the type of its own table: `SettingValues<typeof acmeSettings>`.
 */
export type Configuration = SettingValues<
  typeof settings &
    typeof tracingSettings &
    typeof databaseSettings &
    typeof masterKeySettings &
    typeof checkpointSettings &
    typeof accountSettings
> &
  ForeignVariables;
