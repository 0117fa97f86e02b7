import { createHash } from 'node:crypto';

import type { EntityManager } from 'typeorm';

import type { EntityClass } from './ownership.js';

/** Two rows that share a slot cost a repetition where both are locked at the same moment, and nothing else. */
const SLOTS = 4_096;

/**
 * Writes for a row that was locked in a cluster, where a lock keeps out the transactions of one server only: those of the
 * others are certified by the rows that were written. So each locked row has a slot, a counter: of two transactions that lock
 * the same row on two servers and change different ones, one is the loser of a race. Not the row itself, whose `version`
 * is part of what clients compare.
 *
 * It is written before anything else is read: what another server commits from then on conflicts with it. Written
 * at the end, it would come after the change that it is to detect, which was applied here between a read and that end.
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
