export { checkAuthority } from './authority.js';
export { type Installation, entities, openInstallation, sealedColumns } from './installation.js';
export { type InstallationSettings, readMasterKeys } from './master-keys.js';
export { productVersion } from './product-version.js';
