import type { EntityClass } from '#database';
import { InstallationSecret, WrappedDataKey } from './entities.js';
import type { SealedColumnSource } from './sealed-columns.js';
import { installationSecrets } from './vault.js';

export const vaultEntities: readonly EntityClass[] = [WrappedDataKey, InstallationSecret];
export const vaultSealedColumns: readonly SealedColumnSource[] = [installationSecrets];
export { type MasterKeySource, createMasterKeyFile, readMasterKey } from './master-key.js';
export { type SealedColumnSource, type SealedPlace, sealedColumn } from './sealed-columns.js';
export { Vault } from './vault.js';
