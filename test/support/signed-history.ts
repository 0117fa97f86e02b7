import { randomBytes } from 'node:crypto';

import {
  CheckpointLog,
  type CheckpointMemory,
  Checkpoints,
  HistoryLog,
  LogKeys,
  NO_CHECKPOINT_MEMORY,
  auditEntities,
} from '#audit';
import { type Clock, Secret } from '#core';
import { localKeyEncryptionKey } from '#crypto';
import { Database } from '#database';
import { Vault, vaultEntities } from '#vault';

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
