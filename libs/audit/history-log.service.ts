import { Injectable } from '@nestjs/common';

import { type PlatformScope, type TenantScope, coreErrors } from '#core';
import { Database, type View } from '#database';
import { formatLogProof, inclusionProof } from '#transparency-log';

import { AuditEvent } from './audit-event.entity.js';
import { readAtBorder, requireRetained } from './history-border.js';
import { historyErrors } from './errors.js';
import { readsOf } from './history.service.js';
import { type ConsistencyProof, consistencyOf, headOf, hex, tileOf } from './published-log.js';
import { hashesOf, rootAt } from './stored-tiles.js';

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

/** A history as the log that others verify: its checkpoint, its tiles and entries (C2SP tlog-tiles), and proofs. */
@Injectable()
export class HistoryLog {
  constructor(private readonly database: Database) {}

  /** The latest checkpoint with its signatures. @throws CHECKPOINT_PENDING before the first */
  async checkpoint(scope: Scope): Promise<string> {
    return (await this.read(scope, (view) => headOf(view, scope.tenantId))).note;
  }

  /** The name of the log. @throws CHECKPOINT_PENDING before its first checkpoint */
  async origin(scope: Scope): Promise<string> {
    return (await this.read(scope, (view) => headOf(view, scope.tenantId))).origin;
  }

  /**
   * A tile of hashes or a bundle of entries of the published log.
   * @param path what follows `tile/`: `0/x001/234.p/17`, `entries/000`
   * @throws NOT_FOUND for what the format does not know, and for more than the checkpoint covers; HISTORY_ERASED for entries
   */
  async tile(scope: Scope, path: string): Promise<Buffer> {
    return this.read(scope, (view) => tileOf(view, scope.tenantId, path));
  }

  /**
   * The proof that an event is in the tree of the first `treeSize` events.
   * @param treeSize that of the last checkpoint unless given
   * @throws OUT_OF_RANGE, CHECKPOINT_PENDING
   */
  async inclusion(scope: Scope, sequence: number, treeSize?: number): Promise<InclusionProof> {
    return this.read(scope, async (view) => {
      const head = await headOf(view, scope.tenantId);
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
    return this.read(scope, (view) => consistencyOf(view, scope.tenantId, from, to));
  }

  /** A proof of one event that is verified without this server: C2SP tlog-proof. @throws CHECKPOINT_PENDING, NOT_FOUND */
  async proof(scope: Scope, sequence: number): Promise<string> {
    return this.read(scope, async (view) => {
      const head = await headOf(view, scope.tenantId);
      if (sequence >= head.size) {
        const isThere = await view.exists(AuditEvent, { tenantId: scope.tenantId, sequence });
        throw isThere ? historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 }) : coreErrors.NOT_FOUND();
      }
      const proof = await inclusionProof(sequence, head.size, hashesOf(view, scope.tenantId));
      return formatLogProof({ index: sequence, proof, note: head.note });
    });
  }

  /** The bytes of an event that were hashed. @throws NOT_FOUND, HISTORY_ERASED */
  async entry(scope: Scope, sequence: number): Promise<Buffer> {
    const { tenantId } = scope;
    const event = await this.read(scope, (view) =>
      readAtBorder(view, tenantId, async (erased) => {
        requireRetained(erased, sequence);
        return view.get(AuditEvent, { tenantId, sequence });
      }),
    );
    return Buffer.from(event.canonical);
  }

  private read<T>(scope: Scope, work: (view: View) => Promise<T>): Promise<T> {
    return readsOf(this.database, scope, work);
  }
}
