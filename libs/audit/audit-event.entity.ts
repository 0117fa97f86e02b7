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

/** An event of a history. Rows are inserted, never changed. */
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
   * Name of a service or job. For a user, an HMAC of the e-mail address under the key of the month; events of format 1 have
   * the address itself. The same applies to the source address.
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
  /** The event as RFC 8785 JSON: the hashed bytes. The columns above only serve its indexes. */
  @TextColumn() canonical: string;
  /** The personal fields, sealed by the key of the month; `null` if there are none, or the key was already destroyed. */
  @SealedColumn({ nullable: true }) personal: Buffer | null;
  /** RFC 6962 §2.1 leaf hash of `canonical`, hexadecimal. */
  @VarcharColumn(64) leafHash: string;
}
