import { Entity } from 'typeorm';

import { IdColumn, InstantColumn, ReferenceColumn, SealedColumn, TenantOwned, VarcharColumn } from '#database';

/** The first request with a key, and its answer once there is one. */
@Entity('idempotency_records')
@TenantOwned()
export class IdempotencyRecord {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  @ReferenceColumn() actorId: string;
  @VarcharColumn(64) keyHash: string;
  /** HMAC under a secret of the installation. */
  @VarcharColumn(64) payloadHash: string;
  @VarcharColumn(16) state: 'running' | 'answered';
  /** Sealed, because answers can hold secrets. */
  @SealedColumn({ nullable: true }) sealedAnswer: Buffer | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}
