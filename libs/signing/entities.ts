import { Entity } from 'typeorm';

import type { Json } from '#core';
import {
  BooleanColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  TenantOwned,
  TenantResource,
  TenantRow,
  VarcharColumn,
} from '#database';

@Entity('token_profiles')
export class TokenProfile extends TenantResource {
  @VarcharColumn(64) name: string;
  @VarcharColumn(32) format: string;
  @ReferenceColumn({ nullable: true }) keyId: string | null;
  @VarcharColumn(128, { nullable: true }) certificateKid: string | null;
  /** `null` means the tenant's own issuer URL. */
  @VarcharColumn(500, { nullable: true }) issuer: string | null;
  @JsonColumn() audience: readonly string[];
  @IntegerColumn() ttlSeconds: number;
  @IntegerColumn() maxTtlSeconds: number;
  @IntegerColumn() skewSeconds: number;
  @JsonColumn() fixedClaims: { readonly [name: string]: Json };
  @JsonColumn() allowedClaims: readonly string[];
  @JsonColumn() requiredClaims: readonly string[];
  @VarcharColumn(16, { nullable: true }) formatVersion: string | null;
  @JsonColumn() settings: { readonly [name: string]: Json };
  /** The issuer whose ID tokens identify users, copied from the settings, so that `GET /auth/token` finds the profile. */
  @VarcharColumn(500, { nullable: true }) trustedIssuer: string | null;
  /** Whether clients without a credential may use the profile, copied from the settings, so that they find it. */
  @BooleanColumn({ default: false }) isPublic: boolean;
  /** The system user token that `superoffice-system-user` signs if a service sends none. */
  @SealedColumn({ nullable: true }) sealedSystemUserToken: Buffer | null;
}

/** An origin that a profile admits, copied from its settings for preflights, which name neither profile nor tenant. */
@Entity('token_profile_origins')
export class TokenProfileOrigin extends TenantRow {
  @ReferenceColumn() profileId: string;
  /** Scheme, host and port (RFC 6454 §6.2). */
  @VarcharColumn(255) origin: string;
}

/** A used replay id. Its unique key alone decides whether the id was used before. */
@Entity('replay_records')
@TenantOwned()
export class ReplayRecord {
  /** SHA-256 of tenant, verifier and id, hexadecimal. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  @InstantColumn() usedAt: number;
  /** The token is expired from then on, so that the row is no longer needed. */
  @InstantColumn() expiresAt: number;
}

/** A token that can be found by its transaction id and by its phone number. */
@Entity('token_transactions')
export class TokenTransaction extends TenantRow {
  @VarcharColumn(64) profile: string;
  @VarcharColumn(64) xid: string;
  /** HMAC of the digits of the number, for look-ups. */
  @VarcharColumn(64) phoneHash: string;
  /** The number as sent. */
  @SealedColumn() sealedPhoneNumber: Buffer;
  @SealedColumn() sealedToken: Buffer;
  @VarcharColumn(128) kid: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() issuedAt: number;
  @InstantColumn() expiresAt: number;
  /** When the row is purged. */
  @InstantColumn() keptUntil: number;
}

/** The times of the calls in the last window, for one counter. */
@Entity('rate_windows')
@TenantOwned()
export class RateWindow {
  /** SHA-256 of the tenant and the counted subject, hexadecimal. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  /** Epoch milliseconds, oldest first; never more than the limit. */
  @JsonColumn() calls: readonly number[];
  @InstantColumn() expiresAt: number;
}

/** The use of a key by a service through a profile: one row for each `kid`. */
@Entity('key_uses')
@TenantOwned()
export class KeyUseRecord {
  /** SHA-256 of the columns that identify the row. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  @ReferenceColumn() keyId: string;
  @VarcharColumn(128) kid: string;
  /** Name of the profile, kept after the profile is deleted. */
  @VarcharColumn(64) profile: string;
  /** `null` for users whom the profile admits without a service. */
  @ReferenceColumn({ nullable: true }) serviceId: string | null;
  /** Number of tokens, which can exceed 32 bits. */
  @InstantColumn() tokens: number;
  @InstantColumn() firstUsedAt: number;
  @InstantColumn() lastUsedAt: number;
}
