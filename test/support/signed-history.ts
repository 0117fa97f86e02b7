import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach } from 'vitest';

import {
  CheckpointLog,
  type CheckpointMemory,
  Checkpoints,
  HistoryLog,
  KeptLogs,
  LogKeyHalves,
  LogKeys,
  NO_CHECKPOINT_MEMORY,
  auditEntities,
} from '#audit';
import { type Clock, Secret, type TenantScope, systemOrigin } from '#core';
import { localKeyEncryptionKey, uuidv7 } from '#crypto';
import { Database } from '#database';
import { type Configuration, loadConfiguration } from '#installation';
import { KeyStores, StoredObjects, keyStoreEntities } from '#key-stores';
import { createLogger } from '#logging';
import { Vault, vaultEntities } from '#vault';

import { type TestDatabase, createMigratedDatabase } from './database.js';
import { recordEvents } from './history.js';

/** What the origins of the histories begin with. */
export const HISTORY_HOST = 'history.example';

const masterKey = localKeyEncryptionKey(new Secret(randomBytes(32)));

type StoreSettings = Configuration &
  ConstructorParameters<typeof KeyStores>[0] &
  ConstructorParameters<typeof LogKeyHalves>[4];

/** An instance that signs the histories of a database, and says what it has signed. */
export interface SignedHistory {
  readonly database: Database;
  readonly keys: LogKeys;
  readonly checkpoints: Checkpoints;
  readonly keptLogs: KeptLogs;
  readonly log: HistoryLog;
  readonly checkpointLog: CheckpointLog;
  readonly stores: KeyStores;
}

/**
 * Another instance on the same database has the same keys.
 * @param memory what it knows of before, besides the database
 * @param environment its key stores
 */
export async function openSignedHistory(
  url: string,
  clock: Clock,
  memory: CheckpointMemory = NO_CHECKPOINT_MEMORY,
  environment: Readonly<Record<string, string>> = {},
): Promise<SignedHistory> {
  const entities = [...auditEntities, ...vaultEntities, ...keyStoreEntities];
  const database = await Database.open({ url, entities, clock, recorder: recordEvents });
  const vault = new Vault(database);
  await vault.unseal([masterKey]);
  const settings = loadConfiguration({ DATABASE_URL: url, ...environment }).configuration as StoreSettings;
  const stores = new KeyStores(settings, createLogger('silent'));
  const objects = new StoredObjects(database, stores);
  const keys = new LogKeys(database, new LogKeyHalves(database, vault, stores, objects, settings));
  await keys.onUnsealed();
  const checkpointLog = new CheckpointLog(database);
  const place = { host: () => HISTORY_HOST, memory };
  const keptLogs = new KeptLogs(database, keys, place);
  const checkpoints = new Checkpoints(database, keys, place, keptLogs, checkpointLog);
  return { database, keys, checkpoints, keptLogs, log: new HistoryLog(database), checkpointLog, stores };
}

export const newTenant = (): TenantScope => ({ ...systemOrigin('test'), tenantId: uuidv7(1) });
export const originOf = ({ tenantId }: TenantScope): string => `${HISTORY_HOST}/${tenantId}`;

/** The database of a test, and the instances on it. */
export interface SignedHistories {
  /** Of the database of the present test. */
  readonly url: () => string;
  /** One more instance. @param memory what it knows of before, besides the database @param environment its key stores */
  readonly instance: (
    memory?: CheckpointMemory,
    environment?: Readonly<Record<string, string>>,
  ) => Promise<SignedHistory>;
}

/** Gives each test of the file a database of its own. @param clock that of the instances, read when one is opened */
export function signedHistories(clock: () => Clock): SignedHistories {
  let test: TestDatabase;
  const opened: SignedHistory[] = [];
  beforeEach(async () => {
    test = await createMigratedDatabase();
  });
  afterEach(async () => {
    for (const { stores, database } of opened.splice(0)) {
      await stores.onApplicationShutdown();
      await database.close();
    }
    await test.drop();
  });
  return {
    url: () => test.url,
    instance: async (memory, environment) => {
      const history = await openSignedHistory(test.url, clock(), memory, environment);
      opened.push(history);
      return history;
    },
  };
}
