import { randomBytes } from 'node:crypto';

import { afterEach, beforeEach } from 'vitest';

import {
  CheckpointLog,
  type CheckpointMemory,
  Checkpoints,
  HistoryLog,
  LogKeys,
  NO_CHECKPOINT_MEMORY,
  auditEntities,
} from '#audit';
import { type Clock, Secret, type TenantScope, systemOrigin } from '#core';
import { localKeyEncryptionKey, uuidv7 } from '#crypto';
import { Database } from '#database';
import { Vault, vaultEntities } from '#vault';

import { type TestDatabase, createMigratedDatabase } from './database.js';
import { recordEvents } from './history.js';

/** What the origins of the histories begin with. */
export const HISTORY_HOST = 'history.example';

const masterKey = localKeyEncryptionKey(new Secret(randomBytes(32)));

/** An instance that signs the histories of a database, and says what it has signed. */
export interface SignedHistory {
  readonly database: Database;
  readonly keys: LogKeys;
  readonly checkpoints: Checkpoints;
  readonly log: HistoryLog;
  readonly checkpointLog: CheckpointLog;
}

/** Another instance on the same database has the same keys. @param memory what it knows of before, besides the database */
export async function openSignedHistory(
  url: string,
  clock: Clock,
  memory: CheckpointMemory = NO_CHECKPOINT_MEMORY,
): Promise<SignedHistory> {
  const entities = [...auditEntities, ...vaultEntities];
  const database = await Database.open({ url, entities, clock, recorder: recordEvents });
  const vault = new Vault(database);
  await vault.unseal([masterKey]);
  const keys = new LogKeys(database, vault);
  await keys.onUnsealed();
  const checkpointLog = new CheckpointLog(database);
  const checkpoints = new Checkpoints(database, keys, { host: () => HISTORY_HOST, memory }, checkpointLog);
  return { database, keys, checkpoints, log: new HistoryLog(database), checkpointLog };
}

export const newTenant = (): TenantScope => ({ ...systemOrigin('test'), tenantId: uuidv7(1) });
export const originOf = ({ tenantId }: TenantScope): string => `${HISTORY_HOST}/${tenantId}`;

/** The database of a test, and the instances on it. */
export interface SignedHistories {
  /** Of the database of the present test. */
  readonly url: () => string;
  /** One more instance. @param memory what it knows of before, besides the database */
  readonly instance: (memory?: CheckpointMemory) => Promise<SignedHistory>;
}

/** Gives each test of the file a database of its own. @param clock that of the instances, read when one is opened */
export function signedHistories(clock: () => Clock): SignedHistories {
  let test: TestDatabase;
  const opened: Database[] = [];
  beforeEach(async () => {
    test = await createMigratedDatabase();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await test.drop();
  });
  return {
    url: () => test.url,
    instance: async (memory) => {
      const history = await openSignedHistory(test.url, clock(), memory);
      opened.push(history.database);
      return history;
    },
  };
}
