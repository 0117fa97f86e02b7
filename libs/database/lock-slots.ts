import { createHash } from 'node:crypto';

import type { EntityManager } from 'typeorm';

import type { EntityClass } from './ownership.js';

/** Two rows that share a slot cost one repetition if both are locked at the same time. */
const SLOTS = 4_096;

/**
 * Writes a counter for a row that was locked in a cluster, where a lock blocks only transactions of the same server: servers
 * compare only written rows (certification). So each locked row has a slot with a counter: of two transactions that lock the same
 * row on two servers and change different rows, one is rolled back. The row itself is not written, because clients compare its
 * `version`.
 *
 * The counter is written before anything else is read: later commits of other servers then conflict with it. Written at the
 * end, it would miss a change that was applied here between a read and the end.
 */
export async function writeLockSlot(manager: EntityManager, entity: EntityClass, row: object): Promise<void> {
  const { tableName, primaryColumns } = manager.connection.getMetadata(entity);
  const slot = slotOf(tableName, ...primaryColumns.map((column) => String(column.getEntityValue(row))));
  await manager.query('INSERT INTO lock_slots (id, turns) VALUES (?, 1) ON DUPLICATE KEY UPDATE turns = turns + 1', [
    slot,
  ]);
}

/** The slot of a row by its table and primary key: the same on every instance. */
const slotOf = (...place: readonly string[]): number =>
  createHash('sha256').update(place.join('\0')).digest().readUInt16BE() % SLOTS;
