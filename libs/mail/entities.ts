import { Entity } from 'typeorm';

import {
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  VarcharColumn,
} from '#database';
import { type DeliveryState, deliveryLifecycle } from '#deliveries';

/** One e-mail to one address. */
@Entity('mails')
@InstallationOwned()
export class Mail {
  /** SHA-256 of what it tells and whom: the same on every instance, so that it is sent once. */
  @KeyColumn(64) id: string;
  @StateColumn(deliveryLifecycle) state: DeliveryState;
  @VarcharColumn(254) recipient: string;
  /** Subject and text, sealed because they can have a one-time link; `null` once it was delivered or given up. */
  @SealedColumn({ nullable: true }) sealedContent: Buffer | null;
  @IntegerColumn() attempts: number;
  /** When it is tried next, while it is pending; the end of the claim, while a process sends it. */
  @InstantColumn() dueAt: number;
  /** From then on it is not tried any more. */
  @InstantColumn() triedUntil: number;
  /** From then on it is of no use, and is not sent, however long it was held; `null` where that never comes. */
  @InstantColumn({ nullable: true }) usefulUntil: number | null;
  @InstantColumn({ nullable: true }) attemptedAt: number | null;
  /** SMTP reply code of the last attempt. */
  @IntegerColumn({ nullable: true }) lastStatus: number | null;
  /** Why the last attempt failed. */
  @VarcharColumn(32, { nullable: true }) lastError: string | null;
  @InstantColumn() createdAt: number;
  /** The tenant that tells it; `null` where it belongs to a person's account. */
  @ReferenceColumn({ nullable: true }) tenantId: string | null;
  /** Since when it waits because that tenant is suspended. */
  @InstantColumn({ nullable: true }) heldSince: number | null;
}
