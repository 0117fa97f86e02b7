import { Entity } from 'typeorm';

import {
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  TenantOwned,
  TenantResource,
  TenantRow,
  TextColumn,
  VarcharColumn,
} from '#database';
import { type DeliveryState, deliveryLifecycle } from '#deliveries';

import { type WebhookState, webhookLifecycle } from './lifecycle.js';

/** That something of the calendar was announced so many days ahead. */
@Entity('announcements')
@TenantOwned()
export class Announcement {
  /** SHA-256 of what is announced and how far ahead: the same on every instance. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  @VarcharColumn(64) kind: string;
  /** The credential, key version, certificate and so on. */
  @ReferenceColumn() subjectId: string;
  @VarcharColumn(64) happens: string;
  @InstantColumn() dueAt: number;
  @IntegerColumn() daysAhead: number;
  @InstantColumn() announcedAt: number;
}

/** A URL to which events of a tenant's history are sent. */
@Entity('webhooks')
export class Webhook extends TenantResource {
  /** What it is for; `null` for one that was given none. */
  @VarcharColumn(100, { nullable: true }) name: string | null;
  @TextColumn() url: string;
  /** Exact, all of a noun (`credential.*`), or all (`*`). */
  @JsonColumn() actions: readonly string[];
  @StateColumn(webhookLifecycle) state: WebhookState;
  /** The first event of the history that was not looked at yet: what comes before it is in the deliveries, or not subscribed. */
  @InstantColumn() nextSequence: number;
  /** When a delivery is to be tried; `null` where none is pending. */
  @InstantColumn({ nullable: true }) dueAt: number | null;
  /** Until then one process delivers. */
  @InstantColumn() leasedUntil: number;
  /** Rounds in a row in which every attempt failed. */
  @IntegerColumn() failures: number;
  /** When the first of them ended. */
  @InstantColumn({ nullable: true }) failingSince: number | null;
  /** When the receiver last accepted a delivery. */
  @InstantColumn({ nullable: true }) deliveredAt: number | null;
  @ReferenceColumn() createdBy: string;
}

/** A secret by which messages of a webhook are signed: the newest, and the one before it until its overlap ends. */
@Entity('webhook_secrets')
export class WebhookSecret extends TenantRow {
  @ReferenceColumn() webhookId: string;
  @SealedColumn() sealedSecret: Buffer;
  @InstantColumn() createdAt: number;
  /** `null` for the newest. */
  @InstantColumn({ nullable: true }) expiresAt: number | null;
}

/** One event for one webhook. Its text is made from the history again for each attempt. */
@Entity('webhook_deliveries')
export class WebhookDelivery extends TenantRow {
  @ReferenceColumn() webhookId: string;
  /** Place of the event in the history. Unique for a webhook, so that an event is sent once. */
  @InstantColumn() sequence: number;
  @ReferenceColumn() eventId: string;
  @VarcharColumn(64) action: string;
  @StateColumn(deliveryLifecycle) state: DeliveryState;
  @IntegerColumn() attempts: number;
  /** When it is tried next, while it is pending. */
  @InstantColumn() dueAt: number;
  /** From when on it is tried: its creation, or the last request for a redelivery. */
  @InstantColumn() requestedAt: number;
  @InstantColumn({ nullable: true }) attemptedAt: number | null;
  /** HTTP status of the last attempt. */
  @IntegerColumn({ nullable: true }) lastStatus: number | null;
  /** Why the last attempt got no answer. */
  @VarcharColumn(32, { nullable: true }) lastError: string | null;
  @InstantColumn() createdAt: number;
}
