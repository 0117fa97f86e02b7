import { randomBytes } from 'node:crypto';

import { EventReader, History, MonthKeys, eventRecorder } from '#audit';
import { ManualClock, Secret } from '#core';
import { localKeyEncryptionKey } from '#crypto';
import { Vault, vaultEntities } from '#vault';

import { type OpenTestDatabase, openTestDatabase } from './database.js';

export interface KeyedHistory extends OpenTestDatabase {
  readonly clock: ManualClock;
  readonly vault: Vault;
  readonly keys: MonthKeys;
  readonly reader: EventReader;
  readonly history: History;
}

/** A database whose histories have the keys of their months; every tenant gets a data key with its first event. */
export async function openKeyedHistory(clock = new ManualClock()): Promise<KeyedHistory> {
  const withDataKey = new Set<string>();
  const recorder = eventRecorder(() => ({
    forRecording: async (tx, tenantIds) => {
      for (const tenantId of tenantIds) {
        if (!withDataKey.has(tenantId)) await vault.addDataKey(tx.rows, tenantId, 1);
        withDataKey.add(tenantId);
      }
      return keys.forRecording(tx, tenantIds);
    },
  }));
  const opened = await openTestDatabase(vaultEntities, { clock, recorder });
  const vault = new Vault(opened.database);
  await vault.unseal([localKeyEncryptionKey(new Secret(randomBytes(32)))]);
  const keys = new MonthKeys(vault);
  const reader = new EventReader(keys);
  return { ...opened, clock, vault, keys, reader, history: new History(opened.database, reader, keys) };
}
