export { type Configuration, configurationMarkdown, loadConfiguration, settings } from './configuration.js';
export { Installation } from './installation.js';
export { InstallationModule, type InstallationOptions } from './installation.module.js';
export { readMasterKeys } from './master-keys.js';
export { productVersion } from './product-version.js';
