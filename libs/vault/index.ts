export { KeyMaintenance } from './key-maintenance.js';
export { openKms } from './kms.js';
export { createMasterKeyFile, readMasterKey } from './master-key.js';
export { masterKeySettings } from './settings.js';
export { type OnUnsealed, hasOnUnsealed } from './on-unsealed.js';
export { type Pkcs11Options, openPkcs11 } from './pkcs11.js';
export { type SealedPlace, installationSealedColumn, sealedColumn, sealedColumnsOf } from './sealed-columns.js';
export { Vault, isBlobUnreadable } from './vault.js';
export { VaultModule, vaultEntities } from './vault.module.js';
