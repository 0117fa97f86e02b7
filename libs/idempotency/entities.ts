import { Entity } from 'typeorm';

import { InstantColumn, LargeSealedColumn, ReferenceColumn, StateColumn, TenantRow, VarcharColumn } from '#database';

import { type RecordState, recordLifecycle } from './lifecycle.js';

/** The first request with a key, and its answer once there is one. */
@Entity('idempotency_records')
export class IdempotencyRecord extends TenantRow {
  @ReferenceColumn() actorId: string;
  @VarcharColumn(64) keyHash: string;
  /** HMAC under a secret of the installation. */
  @VarcharColumn(64) payloadHash: string;
  @StateColumn(recordLifecycle) state: RecordState;
  /** The attempt that may answer: a later attempt takes over once the lease has ended. */
  @ReferenceColumn({ nullable: true }) ownerId: string | null;
  /** Until when the attempt counts as running; renewed while it runs. */
  @InstantColumn({ nullable: true }) leaseUntil: number | null;
  /** Sealed; holds tokens that were issued, but no secret that can be opened elsewhere. */
  @LargeSealedColumn({ nullable: true }) sealedAnswer: Buffer | null;
  /** When the answer is erased, where that is before the key is forgotten. */
  @InstantColumn({ nullable: true }) answerUntil: number | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}
