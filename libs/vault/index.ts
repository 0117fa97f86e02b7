import type { EntityClass } from '#database';
import { InstallationSecret, WrappedDataKey } from './entities.js';
import type { SealedColumnSource } from './sealed-columns.js';
import { installationSecrets } from './vault.js';

export const vaultEntities: readonly EntityClass[] = [WrappedDataKey, InstallationSecret];
export const vaultSealedColumns: readonly SealedColumnSource[] = [installationSecrets];
export { dataKeyEvents } from './events.js';
export { KeyMaintenance, type Resealed, type Rewrapped, type UnreadableValue } from './key-maintenance.js';
export { type MasterKeySource, createMasterKeyFile, readMasterKey } from './master-key.js';
export { type Pkcs11Options, openPkcs11 } from './pkcs11.js';
export { type SealedColumnSource, type SealedPlace, sealedColumn } from './sealed-columns.js';
export { Vault } from './vault.js';
