import { Entity } from 'typeorm';

import {
  BooleanColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  ReferenceColumn,
  SealedColumn,
  StateColumn,
  TenantResource,
  TenantRow,
  VarcharColumn,
} from '#database';

import type { AuthType } from './auth-types.js';
import { type CredentialRotationState, credentialRotationLifecycle } from './credential-rotation.js';
import type { RotationSelection } from './credential-selection.js';
import { type CredentialState, type ServiceState, credentialLifecycle, serviceLifecycle } from './lifecycle.js';

@Entity('services')
export class Service extends TenantResource {
  @VarcharColumn(100) name: string;
  /** The name until the service is deleted, its id afterwards: what the unique index is on. */
  @VarcharColumn(100) liveName: string;
  @VarcharColumn(500, { nullable: true }) description: string | null;
  @StateColumn(serviceLifecycle) state: ServiceState;
  /** Names of the granted token profiles; `*` means all. */
  @JsonColumn() profiles: readonly string[];
  /** Where its calls may come from; empty: from anywhere. */
  @JsonColumn() allowedCidrs: readonly string[];
  /** Who is told about it by e-mail; `null` is the same as none. */
  @JsonColumn({ nullable: true }) contacts: readonly string[] | null;
  @InstantColumn({ nullable: true }) deletedAt: number | null;
  /** When a request last used one of its credentials. */
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
}

@Entity('credentials')
export class Credential extends TenantResource {
  @ReferenceColumn() serviceId: string;
  @VarcharColumn(16) authType: AuthType;
  @StateColumn(credentialLifecycle) state: CredentialState;
  @VarcharColumn(100, { nullable: true }) name: string | null;
  /** HMAC of the secret under the installation's pepper: how it is found; outlives the secret as history. */
  @VarcharColumn(64, { nullable: true }) lookupHash: string | null;
  @VarcharColumn(64) fingerprint: string;
  @VarcharColumn(32) secretMasked: string;
  /** The copy that can be revealed; `null` once deleted. */
  @SealedColumn({ nullable: true }) sealedSecret: Buffer | null;
  /**
   * `<service id>:<auth type>` while the credential is inactive, or will be when its overlap ends. A unique index makes
   * a second inactive one impossible, whatever the code above does.
   */
  @VarcharColumn(64, { nullable: true }) inactiveSlot: string | null;
  @ReferenceColumn({ nullable: true }) replaces: string | null;
  @ReferenceColumn({ nullable: true }) replacedBy: string | null;
  /** When Chancery created it as the successor of one that was about to expire; `null` for what a person created. */
  @InstantColumn({ nullable: true }) succeededAutomaticallyAt: number | null;
  /** When Chancery decided not to create another successor, because no request ever used this one. */
  @InstantColumn({ nullable: true }) successionStoppedAt: number | null;
  @InstantColumn({ nullable: true }) expiresAt: number | null;
  @InstantColumn({ nullable: true }) overlapEndsAt: number | null;
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
  /** How often its secret was proven and it was rejected nevertheless. */
  @IntegerColumn({ default: 0 }) refusedUses: number;
  @InstantColumn({ nullable: true }) lastRefusedAt: number | null;
  @InstantColumn({ nullable: true }) revealedAt: number | null;
  @InstantColumn({ nullable: true }) discardedAt: number | null;
  @InstantColumn({ nullable: true }) compromisedAt: number | null;
  @InstantColumn({ nullable: true }) deletedAt: number | null;
}

/** A request to rotate many credentials. */
@Entity('credential_rotations')
export class CredentialRotation extends TenantResource {
  @StateColumn(credentialRotationLifecycle) state: CredentialRotationState;
  /** What was asked for; the credentials that it selected are the items. */
  @JsonColumn() filter: RotationSelection;
  @IntegerColumn() overlapSeconds: number;
  @BooleanColumn() deleteInactive: boolean;
  /** How many credentials were selected, and what became of them so far. */
  @IntegerColumn() total: number;
  @IntegerColumn() rotated: number;
  @IntegerColumn() rejected: number;
  /** Id of the member or service account who requested it. */
  @ReferenceColumn() requestedBy: string;
  @InstantColumn({ nullable: true }) endedAt: number | null;
}

/** What became of one credential in a rotation: pending, or its successor, or the code of the rejection. */
@Entity('credential_rotation_items')
export class CredentialRotationItem extends TenantRow {
  @ReferenceColumn() rotationId: string;
  @ReferenceColumn() credentialId: string;
  @ReferenceColumn() serviceId: string;
  /** When it is tried next; the end of an overlap that is waited for. */
  @InstantColumn() dueAt: number;
  /** `null` while it waits. */
  @InstantColumn({ nullable: true }) finishedAt: number | null;
  @ReferenceColumn({ nullable: true }) successorId: string | null;
  /** The code of the rejection. */
  @VarcharColumn(64, { nullable: true }) rejectionCode: string | null;
}

/** A workload that may act as a service by tokens of its own issuer. */
@Entity('trusts')
export class Trust extends TenantRow {
  @ReferenceColumn() serviceId: string;
  @VarcharColumn(100) name: string;
  @VarcharColumn(500) issuer: string;
  @VarcharColumn(255) audience: string;
  @VarcharColumn(255, { nullable: true }) subject: string | null;
  @JsonColumn() claims: Readonly<Record<string, string>>;
  /** The keys of an issuer that cannot be reached; `null`: they are read from the issuer. */
  @JsonColumn({ nullable: true }) jwks: Readonly<Record<string, unknown>> | null;
  @IntegerColumn() ttlSeconds: number;
  @BooleanColumn() singleUse: boolean;
  @ReferenceColumn() createdBy: string;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
}

/** What a workload got in exchange for a token of its own issuer. The secret itself is stored nowhere. */
@Entity('workload_credentials')
export class WorkloadCredential extends TenantRow {
  @ReferenceColumn() serviceId: string;
  @ReferenceColumn() trustId: string;
  /** HMAC of the secret: how it is found. */
  @VarcharColumn(64) lookupHash: string;
  /** Of the token, where the trust accepts it once. A unique index makes a second exchange impossible. */
  @VarcharColumn(64, { nullable: true }) replayKey: string | null;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
  @InstantColumn() keptUntil: number;
}
