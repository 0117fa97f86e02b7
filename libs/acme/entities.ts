import { Entity } from 'typeorm';

import {
  BooleanColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  TenantResource,
  TenantRow,
  VarcharColumn,
} from '#database';

import type { ChallengeKindName } from './challenge-kinds/index.js';
import {
  type AcmeAccountState,
  type AcmeAuthorizationState,
  type AcmeOrderState,
  acmeAccountLifecycle,
  acmeAuthorizationLifecycle,
  acmeOrderLifecycle,
} from './lifecycle.js';

/** What binds one ACME account to a service (RFC 8555 §7.3.4); its id is the `kid` of the binding. */
@Entity('acme_bindings')
export class AcmeBinding extends TenantRow {
  @ReferenceColumn() caId: string;
  @ReferenceColumn() serviceId: string;
  /** The credential by which the service made it; `null` for what a member made. */
  @ReferenceColumn({ nullable: true }) credentialId: string | null;
  /** The trust that gave a workload this credential; `null` for every other one. */
  @ReferenceColumn({ nullable: true }) trustId: string | null;
  /** HMAC key; `null` once it is used. */
  @SealedColumn({ nullable: true }) sealedKey: Buffer | null;
  /** The account that was made by it; `null` while there is none. */
  @ReferenceColumn({ nullable: true }) accountId: string | null;
  @ReferenceColumn() createdBy: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}

/** A key that orders certificates of one authority for one service (RFC 8555 §7.1.2). */
@Entity('acme_accounts')
export class AcmeAccount extends TenantResource {
  @ReferenceColumn() caId: string;
  @ReferenceColumn() serviceId: string;
  @ReferenceColumn() bindingId: string;
  /** The credential by which the service made its binding: its compromise ends the account. */
  @ReferenceColumn({ nullable: true }) credentialId: string | null;
  /** The trust of the workload that made its binding: with its deletion the account may do nothing more. */
  @ReferenceColumn({ nullable: true }) trustId: string | null;
  @StateColumn(acmeAccountLifecycle) state: AcmeAccountState;
  @JsonColumn() publicKey: Readonly<Record<string, string>>;
  /** SHA-256 of the SubjectPublicKeyInfo in hexadecimal: how the account is found; unique in the authority. */
  @VarcharColumn(64) publicKeyHash: string;
  @JsonColumn() contacts: readonly string[];
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
  @InstantColumn({ nullable: true }) endedAt: number | null;
}

/** A certificate that is asked for (RFC 8555 §7.1.3). */
@Entity('acme_orders')
export class AcmeOrder extends TenantResource {
  @ReferenceColumn() accountId: string;
  @ReferenceColumn() caId: string;
  @StateColumn(acmeOrderLifecycle) state: AcmeOrderState;
  /** DNS names in lower case, and IP addresses. */
  @JsonColumn() names: readonly string[];
  @JsonColumn() authorizationIds: readonly string[];
  /** `kid` of the certificate that this one takes the place of (RFC 9773 §5). */
  @VarcharColumn(64, { nullable: true }) replacesKid: string | null;
  @VarcharColumn(64, { nullable: true }) certificateKid: string | null;
  /** When its certificate expires: until then it is kept. `null` while it has none. */
  @InstantColumn({ nullable: true }) certificateEndsAt: number | null;
  @InstantColumn({ nullable: true }) processingSince: number | null;
  @InstantColumn() expiresAt: number;
}

/** The control of one name of an order, and the challenge by which it is proven (RFC 8555 §7.1.4, §7.1.5). */
@Entity('acme_authorizations')
export class AcmeAuthorization extends TenantRow {
  @ReferenceColumn() orderId: string;
  @ReferenceColumn() accountId: string;
  @ReferenceColumn() caId: string;
  @StateColumn(acmeAuthorizationLifecycle) state: AcmeAuthorizationState;
  /** A DNS name without the label of a wildcard, or an IP address. */
  @VarcharColumn(253) name: string;
  @BooleanColumn() wildcard: boolean;
  /** What the client proves control with, beside its key (RFC 8555 §8.1); the same in each challenge. */
  @VarcharColumn(64) token: string;
  /** The challenge that the client chose; `null` until then. */
  @VarcharColumn(16, { nullable: true }) challenge: ChallengeKindName | null;
  @IntegerColumn() attempts: number;
  /** When it is tried next; `null` where nothing is to be tried. */
  @InstantColumn({ nullable: true }) dueAt: number | null;
  /** Until when one process tries it. */
  @InstantColumn() leasedUntil: number;
  @InstantColumn({ nullable: true }) validatedAt: number | null;
  /** The name of the last problem, such as `connection` (RFC 8555 §6.7), and what it was in words. */
  @VarcharColumn(32, { nullable: true }) problem: string | null;
  @VarcharColumn(255, { nullable: true }) problemDetail: string | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
}

/** A nonce that was used: it is accepted once, by all instances together. */
@Entity('acme_nonces')
@InstallationOwned()
export class AcmeNonce {
  /** SHA-256 of the nonce. */
  @KeyColumn(64) id: string;
  @InstantColumn() expiresAt: number;
}
