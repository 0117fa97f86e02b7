export { checkAuthority } from './authority.js';
export { Installation } from './installation.js';
export { InstallationModule, type InstallationOptions } from './installation.module.js';
export { type InstallationSettings, readMasterKeys } from './master-keys.js';
export { productVersion } from './product-version.js';
