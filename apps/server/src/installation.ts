import { type KeyObject, createPrivateKey } from 'node:crypto';
import { access } from 'node:fs/promises';

import { auditEntities, recordEvents } from '#audit';
import { certificateEntities, certificateSealedColumns } from '#certificates';
import { GuardedClock, type TimeSource } from '#core';
import { type KeyEncryptionKey, algorithm, privateKeyToBytes, sealingErrors, verifyingKeyOf } from '#crypto';
import { Database, type EntityClass } from '#database';
import { idempotencyEntities, idempotencySealedColumns } from '#idempotency';
import { keyEntities, keySealedColumns } from '#keys';
import { licensingEntities } from '#licensing';
import { ClockWatch, schedulerEntities } from '#scheduler';
import { serviceKeyEntities, serviceKeySealedColumns } from '#service-keys';
import { signingEntities, signingSealedColumns } from '#signing';
import { SessionKeys, tenantEntities } from '#tenants';
import {
  type SealedColumnSource,
  Vault,
  createMasterKeyFile,
  openPkcs11,
  readMasterKey,
  vaultEntities,
  vaultSealedColumns,
} from '#vault';

import { checkAuthority } from './authority.js';
import type { Configuration } from './config.js';
import { databaseTlsWarning, readDatabaseTls } from './database-tls.js';
import type { Logger } from './http/logging.js';

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
}

export type InstallationSettings = Pick<
  Configuration,
  | 'databaseUrl'
  | 'databaseTls'
  | 'databaseTlsCaFile'
  | 'databaseTlsCertificateFile'
  | 'databaseTlsKeyFile'
  | 'databaseTlsServerName'
  | 'allowUnsafeDatabase'
  | 'masterKey'
  | 'masterKeyFile'
  | 'previousMasterKey'
  | 'previousMasterKeyFile'
  | 'pkcs11Module'
  | 'pkcs11TokenLabel'
  | 'pkcs11KeyLabel'
  | 'pkcs11Pin'
>;

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
    return { database, vault, clock, clockWatch };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The current master key and, while data keys are re-wrapped, the one before. Empty: there is none for this database. */
export async function readMasterKeys(settings: InstallationSettings, isNew: boolean): Promise<KeyEncryptionKey[]> {
  const { previousMasterKey, previousMasterKeyFile } = settings;
  const current = await currentMasterKey(settings, isNew);
  if (!current) return [];
  const previous = await readMasterKey({ value: previousMasterKey, file: previousMasterKeyFile });
  return [current, previous].filter((key) => key !== undefined);
}

/** A new master key is made for a new database only: where wrapped keys exist, it would open none of them. */
async function currentMasterKey(settings: InstallationSettings, isNew: boolean): Promise<KeyEncryptionKey | undefined> {
  const { masterKey, masterKeyFile, pkcs11Module: module } = settings;
  if (module !== undefined) {
    const { pkcs11TokenLabel: tokenLabel, pkcs11KeyLabel: keyLabel, pkcs11Pin: pin } = settings;
    return openPkcs11({ module, tokenLabel, keyLabel, pin }, { createMissingKey: isNew });
  }
  if (!masterKey && !(await exists(masterKeyFile))) {
    if (!isNew) return undefined;
    await createMasterKeyFile(masterKeyFile);
  }
  return readMasterKey({ value: masterKey, file: masterKeyFile });
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const SESSION_KEY = 'session-signing-key';
const SESSION_ALGORITHM = algorithm('ES256');

/** The session key of the installation: made on first start, sealed in its database, the same on every instance. */
export class InstallationSessionKeys extends SessionKeys {
  #signing: KeyObject | undefined;

  constructor(private readonly vault: Vault) {
    super();
  }

  async prepare(): Promise<void> {
    const bytes = await this.vault.ensureInstallationSecret(SESSION_KEY, async () =>
      privateKeyToBytes((await SESSION_ALGORITHM.generate()).signingKey),
    );
    this.#signing = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  }

  override get signing(): KeyObject {
    if (!this.#signing) throw sealingErrors.SEALED();
    return this.#signing;
  }

  override get verifying(): KeyObject {
    return verifyingKeyOf(this.signing);
  }
}
