export type { Configuration } from './configuration.js';
export { modulesOf } from './declared-settings.js';
export { Installation } from './installation.js';
export { InstallationModule, type InstallationOptions } from './installation.module.js';
export { configurationMarkdown, loadConfiguration, settings } from './load-configuration.js';
export { readMasterKeys } from './master-keys.js';
export { productVersion } from './product-version.js';
