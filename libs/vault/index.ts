export { dataKeyEvents } from './events.js';
export { KeyMaintenance, type Resealed, type Rewrapped, type UnreadableValue } from './key-maintenance.js';
export { type MasterKeySource, createMasterKeyFile, readMasterKey } from './master-key.js';
export { type Pkcs11Options, openPkcs11 } from './pkcs11.js';
export { type SealedColumnSource, type SealedPlace, sealedColumn, sealedColumnsOf } from './sealed-columns.js';
export { Vault } from './vault.js';
export { VaultModule, vaultEntities } from './vault.module.js';
