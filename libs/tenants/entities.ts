import { Entity } from 'typeorm';

import {
  BooleanColumn,
  IdColumn,
  InstallationOwned,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  StateColumn,
  TenantOwned,
  TenantResource,
  TenantRow,
  VarcharColumn,
  VersionColumn,
} from '#database';

import { type InvitationState, invitationLifecycle } from './invitation.js';
import type { Permission } from './permissions.js';
import type { ResetKind } from './password-reset.js';
import type { Role } from './roles.js';
import { type TenantState, tenantLifecycle } from './tenant-lifecycle.js';

@Entity('tenants')
@TenantOwned('id')
export class Tenant {
  @IdColumn() id: string;
  /** For URLs; unique in the installation, never changed. */
  @VarcharColumn(63) slug: string;
  @VarcharColumn(200) name: string;
  @StateColumn(tenantLifecycle) state: TenantState;
  /** Only what the tenant set itself; see `effectiveSettings`. */
  @JsonColumn() settings: Readonly<Record<string, unknown>>;
  /** Incremented by every change that affects what is signed or who is accepted, so that caches notice it. */
  @IntegerColumn() configVersion: number;
  @VersionColumn() version: number;
  @InstantColumn() createdAt: number;
  @InstantColumn() updatedAt: number;
  @InstantColumn({ nullable: true }) deletedAt: number | null;
}

@Entity('users')
@InstallationOwned()
export class User {
  @IdColumn() id: string;
  /** Normalised: see `normalizeEmail`. */
  @VarcharColumn(254) email: string;
  /**
   * The tenants that know the account and may have it as a member: all (`INSTALLATION_ID`) if the address is verified,
   * otherwise the one that invited it. Unique together with `email`. By default none.
   */
  @ReferenceColumn({ default: '' }) knownIn: string;
  @InstantColumn({ nullable: true }) emailVerifiedAt: number | null;
  @VarcharColumn(200) name: string;
  /** Argon2id in PHC form. */
  @VarcharColumn(255) passwordHash: string;
  @BooleanColumn() platformAdmin: boolean;
  @VersionColumn() version: number;
  @InstantColumn() createdAt: number;
  @InstantColumn() updatedAt: number;
}

@Entity('members')
export class Member extends TenantResource {
  @ReferenceColumn() userId: string;
  @VarcharColumn(32) role: Role;
  /** The identity provider whose groups decide the membership and its role; `null` if a member invited the person. */
  @ReferenceColumn({ nullable: true }) identityProviderId: string | null;
}

@Entity('sessions')
@InstallationOwned()
export class Session {
  @IdColumn() id: string;
  @ReferenceColumn() userId: string;
  @InstantColumn() createdAt: number;
  /** When the newest access token was issued. */
  @InstantColumn({ default: 0 }) renewedAt: number;
  /** When the newest access token ends. */
  @InstantColumn() expiresAt: number;
  /** Until then it can be renewed. */
  @InstantColumn({ default: 0 }) renewableUntil: number;
  @InstantColumn({ nullable: true }) endedAt: number | null;
  @VarcharColumn(64, { nullable: true }) sourceAddress: string | null;
  @VarcharColumn(200, { nullable: true }) userAgent: string | null;
  /** The identity provider of its sign-in; `null` for a sign-in with a password. */
  @ReferenceColumn({ nullable: true }) identityProviderId: string | null;
}

/** A refresh token of a session. Used ones are kept, so that a second use is detected. */
@Entity('refresh_tokens')
@InstallationOwned()
export class RefreshToken {
  /** HMAC of the token: how it is found. */
  @KeyColumn(64) lookupHash: string;
  @ReferenceColumn() sessionId: string;
  @InstantColumn() createdAt: number;
  @InstantColumn({ nullable: true }) usedAt: number | null;
  /** When the session ends if the token is not used. */
  @InstantColumn() expiresAt: number;
}

/** An invitation to become a member. The account of the person is known when they accept. */
@Entity('invitations')
export class Invitation extends TenantResource {
  /** Normalised: see `normalizeEmail`. */
  @VarcharColumn(254) email: string;
  @VarcharColumn(32) role: Role;
  @StateColumn(invitationLifecycle) state: InvitationState;
  /** HMAC of the token: how it is found. */
  @VarcharColumn(64) lookupHash: string;
  /** The user who invited; their right is checked again when the invitation is accepted. */
  @ReferenceColumn() invitedBy: string;
  /** Their membership at that time; `null` if a platform administrator invited an owner. */
  @ReferenceColumn({ nullable: true }) inviterMemberId: string | null;
  @InstantColumn() expiresAt: number;
  /** Whether the token was sent to the address only, so that its holder has proven the address; `null` means `false`. */
  @BooleanColumn({ nullable: true }) sentByMail: boolean | null;
}

/** A link by which the holder of an account chooses a new password. */
@Entity('password_resets')
@InstallationOwned()
export class PasswordReset {
  @IdColumn() id: string;
  @ReferenceColumn() userId: string;
  @VarcharColumn(16) kind: ResetKind;
  /** HMAC of the token: how it is found. */
  @VarcharColumn(64) lookupHash: string;
  /** The tenant whose owner started it; `null` if a platform administrator did. */
  @ReferenceColumn({ nullable: true }) startedIn: string | null;
  @ReferenceColumn() startedBy: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
  @InstantColumn({ nullable: true }) usedAt: number | null;
}

/** A request for a new password by e-mail, until the scheduler has looked up the account. */
@Entity('reset_requests')
@InstallationOwned()
export class ResetRequest {
  /** SHA-256 of the request, so that repeated requests wait only once. */
  @KeyColumn(64) id: string;
  /** Normalised: see `normalizeEmail`. */
  @VarcharColumn(254) email: string;
  /** Id or slug, if the request names one. */
  @VarcharColumn(64, { nullable: true }) tenant: string | null;
  @InstantColumn() createdAt: number;
}

/** Automation of a tenant, with a role like a member's. It works with API tokens only. */
@Entity('service_accounts')
export class ServiceAccount extends TenantResource {
  @VarcharColumn(100) name: string;
  /** The name, or the id once it is deleted: unique in the tenant. */
  @VarcharColumn(100) liveName: string;
  @VarcharColumn(32) role: Role;
  @ReferenceColumn() createdBy: string;
  @InstantColumn({ nullable: true }) deletedAt: number | null;
}

/** A secret that a member or a service account uses without a session, with fewer permissions. */
@Entity('api_tokens')
export class ApiToken extends TenantRow {
  @VarcharColumn(100) name: string;
  /** The membership whose end revokes it; `null` for a token of a service account. */
  @ReferenceColumn({ nullable: true }) memberId: string | null;
  /** The user or the service account. */
  @ReferenceColumn() ownerId: string;
  @JsonColumn() permissions: readonly Permission[];
  /** Whether it may do what requires a step-up from a person. */
  @BooleanColumn() stepUp: boolean;
  @JsonColumn() allowedCidrs: readonly string[];
  /** HMAC of the token: how it is found. */
  @VarcharColumn(64) lookupHash: string;
  @VarcharColumn(32) tokenMasked: string;
  @ReferenceColumn() createdBy: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() expiresAt: number;
  @InstantColumn({ nullable: true }) lastUsedAt: number | null;
  @InstantColumn({ nullable: true }) revokedAt: number | null;
  /** Number of rejected uses: the token was revoked or expired, or the address was not allowed. */
  @IntegerColumn({ default: 0 }) refusedUses: number;
  @InstantColumn({ nullable: true }) lastRefusedAt: number | null;
}

/** Failed password attempts of one subject: an account, an account from one network, or a session. */
@Entity('password_attempts')
@InstallationOwned()
export class PasswordAttempt {
  /** SHA-256 of the subject, so that the table lists no mistyped input and no address. */
  @KeyColumn(64) subjectHash: string;
  /** The same for the account of a sign-in; `null` for a session, and in rows from before this column. */
  @VarcharColumn(64, { nullable: true }) accountHash: string | null;
  /** Consecutive failures, including attempts that are being compared now. */
  @IntegerColumn() failures: number;
  @InstantColumn() lockedUntil: number;
  /** When the right password was last given from here. */
  @InstantColumn({ nullable: true }) succeededAt: number | null;
  @InstantColumn() updatedAt: number;
  /** The row can be purged from then on. */
  @InstantColumn() expiresAt: number;
}
