import { Injectable } from '@nestjs/common';

import { type PlatformScope, type TenantScope, coreErrors } from '#core';
import { Between, Database, type View } from '#database';
import {
  HASH_BYTES,
  TILE_WIDTH,
  consistencyProof,
  formatEntries,
  formatLogProof,
  inclusionProof,
  parseTilePath,
  widthOf,
} from '#transparency-log';

import { AuditEvent } from './audit-event.entity.js';
import { historyErrors } from './errors.js';
import { readsOf } from './history.service.js';
import { HistoryHead } from './log.entities.js';
import { hashesOf, readTiles, rootAt } from './stored-tiles.js';

type Scope = TenantScope | PlatformScope;

export interface InclusionProof {
  readonly sequence: number;
  readonly treeSize: number;
  /** Hexadecimal, as every hash here. */
  readonly leafHash: string;
  readonly rootHash: string;
  /** RFC 6962 §2.1.1, from the sibling of the leaf to the child of the root. */
  readonly proof: string[];
}

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly fromRootHash: string;
  readonly toRootHash: string;
  /** RFC 6962 §2.1.2. */
  readonly proof: string[];
}

/** A history as the log that others verify: its checkpoint, its tiles and entries (C2SP tlog-tiles), and proofs. */
@Injectable()
export class HistoryLog {
  constructor(private readonly database: Database) {}

  /** The checkpoint that was signed last, with its signatures. @throws CHECKPOINT_PENDING before the first */
  async checkpoint(scope: Scope): Promise<string> {
    return (await this.read(scope, (view) => headOf(view, scope))).note;
  }

  /** The last checkpoint that a witness has cosigned; it may be older. @throws CHECKPOINT_PENDING before the first */
  async cosignedCheckpoint(scope: Scope): Promise<string> {
    const { cosignedNote } = await this.read(scope, (view) => headOf(view, scope));
    if (cosignedNote === null) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
    return cosignedNote;
  }

  /** What the log is called. @throws CHECKPOINT_PENDING before its first checkpoint */
  async origin(scope: Scope): Promise<string> {
    return (await this.read(scope, (view) => headOf(view, scope))).origin;
  }

  /**
   * A tile of hashes or a bundle of entries of the published log.
   * @param path what follows `tile/`: `0/x001/234.p/17`, `entries/000`
   * @throws NOT_FOUND for what the format does not know, and for more than the checkpoint covers
   */
  async tile(scope: Scope, path: string): Promise<Buffer> {
    const wanted = parseTilePath(path);
    if (!wanted) throw coreErrors.NOT_FOUND();
    const { level, index, width } = wanted;
    return this.read(scope, async (view) => {
      const { size } = await headOf(view, scope);
      const tile = { level: level === 'entries' ? 0 : level, index };
      if (width > widthOf(tile, size)) throw coreErrors.NOT_FOUND();
      if (level !== 'entries') {
        const [content] = await readTiles(view, scope.tenantId, [tile]);
        return Buffer.from(content!.hashes.subarray(0, width * HASH_BYTES));
      }
      const first = index * TILE_WIDTH;
      return formatEntries(await entries(view, scope, first, first + width));
    });
  }

  /**
   * The proof that an event is in the tree of the first `treeSize` events.
   * @param treeSize that of the last checkpoint unless given
   * @throws OUT_OF_RANGE, CHECKPOINT_PENDING
   */
  async inclusion(scope: Scope, sequence: number, treeSize?: number): Promise<InclusionProof> {
    return this.read(scope, async (view) => {
      const head = await headOf(view, scope);
      const size = treeSize ?? head.size;
      if (size > head.size || sequence >= size) throw historyErrors.OUT_OF_RANGE();
      const tenantId = scope.tenantId;
      const read = hashesOf(view, tenantId);
      const [leaf] = await read([{ level: 0, index: sequence }]);
      const proof = await inclusionProof(sequence, size, read);
      return {
        sequence,
        treeSize: size,
        leafHash: hex(leaf!),
        rootHash: await rootAt(view, tenantId, size),
        proof: proof.map(hex),
      };
    });
  }

  /** The proof that the first `from` events are the beginning of the first `to`. @throws OUT_OF_RANGE, CHECKPOINT_PENDING */
  async consistency(scope: Scope, from: number, to?: number): Promise<ConsistencyProof> {
    return this.read(scope, async (view) => {
      const head = await headOf(view, scope);
      const size = to ?? head.size;
      if (size > head.size || from > size) throw historyErrors.OUT_OF_RANGE();
      const tenantId = scope.tenantId;
      const proof = await consistencyProof(from, size, hashesOf(view, tenantId));
      return {
        from,
        to: size,
        fromRootHash: await rootAt(view, tenantId, from),
        toRootHash: await rootAt(view, tenantId, size),
        proof: proof.map(hex),
      };
    });
  }

  /** A proof of one event that is verified without this server: C2SP tlog-proof. @throws CHECKPOINT_PENDING, NOT_FOUND */
  async proof(scope: Scope, sequence: number): Promise<string> {
    return this.read(scope, async (view) => {
      const head = await headOf(view, scope);
      if (sequence >= head.size) {
        const isThere = await view.exists(AuditEvent, { tenantId: scope.tenantId, sequence });
        throw isThere ? historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 }) : coreErrors.NOT_FOUND();
      }
      const proof = await inclusionProof(sequence, head.size, hashesOf(view, scope.tenantId));
      return formatLogProof({ index: sequence, proof, note: head.note });
    });
  }

  /** The bytes of an event that were hashed. @throws NOT_FOUND */
  async entry(scope: Scope, sequence: number): Promise<Buffer> {
    const event = await this.read(scope, (view) => view.get(AuditEvent, { tenantId: scope.tenantId, sequence }));
    return Buffer.from(event.canonical);
  }

  private read<T>(scope: Scope, work: (view: View) => Promise<T>): Promise<T> {
    return readsOf(this.database, scope, work);
  }
}

/** @throws CHECKPOINT_PENDING */
async function headOf(view: View, { tenantId }: Scope): Promise<HistoryHead> {
  const head = await view.findOne(HistoryHead, { id: tenantId });
  if (!head) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
  return head;
}

/** The stored bytes of the events `[from, to)`. @throws HISTORY_INCONSISTENT where some are missing */
async function entries(view: View, { tenantId }: Scope, from: number, to: number): Promise<Buffer[]> {
  const where = { tenantId, sequence: Between(from, to - 1) };
  const rows = await view.find(AuditEvent, where, { order: { sequence: 'ASC' }, columns: ['sequence', 'canonical'] });
  if (rows.length !== to - from) throw historyErrors.HISTORY_INCONSISTENT();
  return rows.map(({ canonical }) => Buffer.from(canonical));
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
