import { Injectable } from '@nestjs/common';

import { MINUTE, type PlatformScope, type TenantScope, platformScope, systemOrigin } from '#core';
import { Database, In, LessThan, LessThanOrEqual, type Tx } from '#database';
import { uuidv7 } from '#crypto';
import { formatLogProof, formatNote, inclusionProof, leafHash, parseCheckpoint, parseNote } from '#transparency-log';

import { historyErrors } from './errors.js';
import { CHECKPOINT_LOG } from './log-entries.js';
import { HistoryCheckpoint, HistoryHead, HistorySize } from './log.entities.js';
import { type ConsistencyProof, consistencyOf, headOf, hex, tileOf } from './published-log.js';
import { hashesOf } from './stored-tiles.js';

const SYSTEM = platformScope(systemOrigin('checkpoint-log'));
/** A growing history gets at most one entry in this time; it also proves each earlier checkpoint. */
const ENTRY_EVERY = MINUTE;
const ENTERED_TOGETHER = 100;
const ED25519_SIGNATURE_BYTES = 64;

/**
 * The log of the installation over the checkpoints of all histories. Each entry is a signed checkpoint: who keeps the
 * checkpoints of this one log notices if any history has two versions. Its checkpoints are signed, kept and cosigned like those of
 * histories.
 */
@Injectable()
export class CheckpointLog {
  constructor(private readonly database: Database) {}

  /** Adds the checkpoints that were signed since the last call. @returns their number */
  async enterDue(): Promise<number> {
    const due = await this.database.readPlatform(SYSTEM, (view) =>
      view.find(
        HistoryHead,
        { enterAt: LessThanOrEqual(view.now) },
        { order: { enterAt: 'ASC' }, limit: ENTERED_TOGETHER, columns: ['id'] },
      ),
    );
    if (due.length === 0) return 0;
    return this.database.platform(SYSTEM, async (tx) => {
      tx.housekeeping('the log of checkpoints');
      const size = await sizeOf(tx);
      if (size === undefined) return 0;
      // Read again under the lock, which prevents other entries.
      const ids = due.map(({ id }) => id);
      const heads = await tx.find(HistoryHead, { id: In(ids), enterAt: LessThanOrEqual(tx.now) });
      for (const [place, head] of heads.entries()) {
        await tx.insert(HistoryCheckpoint, entryOf(tx, head, size + place));
        // A history that has grown in the meantime stays due.
        const set = { enterAt: null, nextEntryAt: tx.now + ENTRY_EVERY };
        await tx.note(HistoryHead, { id: head.id, size: head.size }, set);
      }
      await tx.note(HistorySize, { tenantId: CHECKPOINT_LOG }, { size: size + heads.length });
      return heads.length;
    });
  }

  /** The latest checkpoint. @throws CHECKPOINT_PENDING before the first */
  async checkpoint(scope: PlatformScope): Promise<string> {
    return (await this.database.readPlatform(scope, (view) => headOf(view, CHECKPOINT_LOG))).note;
  }

  /** A tile of hashes or a bundle of entries. @throws NOT_FOUND, CHECKPOINT_PENDING */
  async tile(scope: PlatformScope, path: string): Promise<Buffer> {
    return this.database.readPlatform(scope, (view) => tileOf(view, CHECKPOINT_LOG, path));
  }

  /** The proof that the log continues an earlier state; it contains only hashes of entries. @throws OUT_OF_RANGE, CHECKPOINT_PENDING */
  async consistency(scope: TenantScope, from: number, to?: number): Promise<ConsistencyProof> {
    await this.ownEntries(scope);
    return this.database.readPlatform(SYSTEM, (view) => consistencyOf(view, CHECKPOINT_LOG, from, to));
  }

  /**
   * The proof that the last checkpoint of a history is in the log, with the checkpoint itself as its extra data: C2SP tlog-proof.
   * @param before only entries before this number are considered: those that a kept checkpoint of this size covers
   * @throws CHECKPOINT_PENDING before the first
   */
  async proof(scope: TenantScope, before = Infinity): Promise<string> {
    await this.ownEntries(scope);
    return this.database.readPlatform(SYSTEM, async (view) => {
      const head = await headOf(view, CHECKPOINT_LOG);
      const where = { tenantId: scope.tenantId, sequence: LessThan(Math.min(head.size, before)) };
      const [entry] = await view.find(HistoryCheckpoint, where, { order: { sequence: 'DESC' }, limit: 1 });
      if (!entry) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
      const proof = await inclusionProof(entry.sequence, head.size, hashesOf(view, CHECKPOINT_LOG));
      return formatLogProof({ index: entry.sequence, proof, note: head.note, extra: Buffer.from(entry.note) });
    });
  }

  /** Reads with the permission of the caller, although the log belongs to the installation. @throws CHECKPOINT_PENDING if the history has no entry */
  private async ownEntries(scope: TenantScope): Promise<void> {
    const { tenantId } = scope;
    if (!(await this.database.read(scope, (view) => view.exists(HistoryCheckpoint, { tenantId })))) {
      throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
    }
  }
}

/**
 * The locked number of entries, so that only one transaction at a time numbers new ones. `undefined` if another instance is
 * adding the first entry.
 */
async function sizeOf(tx: Tx): Promise<number | undefined> {
  const where = { tenantId: CHECKPOINT_LOG };
  const row = await tx.lockIfPresent(HistorySize, where);
  if (row) return row.size;
  return (await tx.insertIfAbsent(HistorySize, { ...where, size: 0, publishedSize: null })) ? 0 : undefined;
}

/** One line for each key suffices to recognise it, and has a tenth of the size. */
function entryOf(tx: Tx, { id: tenantId, note }: HistoryHead, sequence: number): HistoryCheckpoint {
  const { text, signatures } = parseNote(note);
  // A history that got a new name by a restoration has no entry with that name yet.
  const { origin, size } = parseCheckpoint(text);
  const own = signatures.filter((line) => line.name === origin && line.signature.length === ED25519_SIGNATURE_BYTES);
  const entry = formatNote({ text, signatures: own });
  const leaf = hex(leafHash(Buffer.from(entry)));
  return { id: uuidv7(tx.now), tenantId, sequence, size, note: entry, leafHash: leaf, enteredAt: tx.now };
}
