import { Entity } from 'typeorm';

import type { EventOutcome } from '#core';
import {
  IdColumn,
  InstantColumn,
  ReferenceColumn,
  SealedColumn,
  TenantOwned,
  TextColumn,
  VarcharColumn,
} from '#database';

/** One line of a tenant's history. Inserted, never changed. */
@Entity('audit_events')
@TenantOwned()
export class AuditEvent {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  /** Place in the tenant's history, from 0, without gaps, in the order of commits: the index of the leaf in its Merkle tree. */
  @InstantColumn() sequence: number;
  @InstantColumn() occurredAt: number;
  @VarcharColumn(16) actorType: string;
  @VarcharColumn(64) actorId: string;
  /**
   * Name of a service or job; of a user, what the e-mail address is found by under the key of the month. Events of the first
   * format have the address itself. The same holds for the source address.
   */
  @VarcharColumn(254, { nullable: true }) actorName: string | null;
  @VarcharColumn(64, { nullable: true }) sourceAddress: string | null;
  @VarcharColumn(64) action: string;
  @VarcharColumn(32) targetType: string;
  @VarcharColumn(64) targetId: string;
  @VarcharColumn(16) outcome: EventOutcome;
  @VarcharColumn(64) requestId: string;
  @VarcharColumn(128, { nullable: true }) tokenId: string | null;
  @VarcharColumn(128, { nullable: true }) kid: string | null;
  @ReferenceColumn({ nullable: true }) credentialId: string | null;
  /** The event as RFC 8785 JSON: the very bytes that were hashed. The columns above are only its index. */
  @TextColumn() canonical: string;
  /** The personal fields under the key of the month; `null` where there are none, and where the key was destroyed before. */
  @SealedColumn({ nullable: true }) personal: Buffer | null;
  /** RFC 6962 §2.1 leaf hash of `canonical`, hexadecimal. */
  @VarcharColumn(64) leafHash: string;
}
