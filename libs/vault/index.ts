import type { EntityClass } from '#database';
import { InstallationSecret, WrappedDataKey } from './entities.js';

export const vaultEntities: readonly EntityClass[] = [WrappedDataKey, InstallationSecret];
export { type MasterKeySource, createMasterKeyFile, readMasterKey } from './master-key.js';
export { type SealedPlace, Vault } from './vault.js';
