import { CheckpointFile, type CheckpointMemory, NO_CHECKPOINT_MEMORY, auditEntities, recordEvents } from '#audit';
import { certificateEntities, certificateSealedColumns } from '#certificates';
import { databaseTlsWarning, readDatabaseTls } from '#config';
import { GuardedClock, type TimeSource } from '#core';
import { Database, type EntityClass } from '#database';
import { idempotencyEntities, idempotencySealedColumns } from '#idempotency';
import { keyEntities, keySealedColumns } from '#keys';
import { licensingEntities } from '#licensing';
import type { Logger } from '#logging';
import { ClockWatch, schedulerEntities } from '#scheduler';
import { serviceKeyEntities, serviceKeySealedColumns } from '#service-keys';
import { signingEntities, signingSealedColumns } from '#signing';
import { tenantEntities } from '#tenants';
import { type SealedColumnSource, Vault, vaultEntities, vaultSealedColumns } from '#vault';

import { checkAuthority } from './authority.js';
import { type InstallationSettings, readMasterKeys } from './master-keys.js';

/** Every table of the product. */
export const entities: readonly EntityClass[] = [
  ...schedulerEntities,
  ...vaultEntities,
  ...auditEntities,
  ...idempotencyEntities,
  ...tenantEntities,
  ...keyEntities,
  ...serviceKeyEntities,
  ...certificateEntities,
  ...signingEntities,
  ...licensingEntities,
];

/** Every column that holds sealed values: what is sealed anew under a new data key, and what the doctor opens. */
export const sealedColumns: readonly SealedColumnSource[] = [
  ...vaultSealedColumns,
  ...idempotencySealedColumns,
  ...keySealedColumns,
  ...serviceKeySealedColumns,
  ...certificateSealedColumns,
  ...signingSealedColumns,
];

/** What a server stands on: an open database at the newest schema, and a vault that is open, or says that it is not. */
export interface Installation {
  readonly database: Database;
  readonly vault: Vault;
  readonly clock: GuardedClock;
  readonly clockWatch: ClockWatch;
  /** The signed checkpoints that are kept outside of the database. */
  readonly checkpointMemory: CheckpointMemory;
}

/**
 * Opens the database, proves the master key, and only then brings the schema up to date: under a wrong key nothing is
 * written. A new database gets its schema first and, where none is configured, a master key file.
 */
export async function openInstallation(
  settings: InstallationSettings,
  time: TimeSource,
  logger: Logger,
): Promise<Installation> {
  const warning = databaseTlsWarning(settings);
  if (warning !== undefined) logger.warn(warning);
  const clock = new GuardedClock(time);
  const database = await Database.open({
    url: settings.databaseUrl.reveal(),
    tls: await readDatabaseTls(settings),
    entities,
    clock,
    recorder: recordEvents,
    authority: checkAuthority,
    allowUnsafe: settings.allowUnsafeDatabase,
    warn: (message) => logger.warn(message),
  });
  try {
    const vault = new Vault(database);
    const isNew = !(await vault.isInitialised());
    const masterKeys = await readMasterKeys(settings, isNew);
    if (isNew) await database.migrate();
    if (!(await vault.unseal(masterKeys))) {
      logger.error('The master key is missing or does not open this database: the server is sealed');
    } else if (!isNew) {
      await database.migrate();
    }
    const clockWatch = new ClockWatch(database, clock, logger);
    if (!vault.sealed) await clockWatch.start();
    const { checkpointFile } = settings;
    const checkpointMemory =
      checkpointFile === 'off' ? NO_CHECKPOINT_MEMORY : await CheckpointFile.open(checkpointFile);
    return { database, vault, clock, clockWatch, checkpointMemory };
  } catch (error) {
    await database.close();
    throw error;
  }
}
