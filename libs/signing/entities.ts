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
  /** `null`: the tenant's own issuer URL. */
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
  /** The issuer whose ID tokens identify users, from the settings: how `GET /auth/token` finds the profile. */
  @VarcharColumn(500, { nullable: true }) trustedIssuer: string | null;
  /** Whether clients without a credential may ask, from the settings: how they find the profile. */
  @BooleanColumn({ default: false }) isPublic: boolean;
  /** What `superoffice-system-user` signs where a service sends none. */
  @SealedColumn({ nullable: true }) sealedSystemUserToken: Buffer | null;
}

/** An origin whose pages may ask a profile, from its settings: how a preflight finds it, which names neither profile nor tenant. */
@Entity('token_profile_origins')
export class TokenProfileOrigin extends TenantRow {
  @ReferenceColumn() profileId: string;
  /** Scheme, host and port (RFC 6454 §6.2). */
  @VarcharColumn(255) origin: string;
}

/** An id that was used up. The key alone decides whether it was used before. */
@Entity('replay_records')
@TenantOwned()
export class ReplayRecord {
  /** SHA-256 of tenant, verifier and id, hexadecimal. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  @InstantColumn() usedAt: number;
  /** From here on the token is refused as expired whatever this table says. */
  @InstantColumn() expiresAt: number;
}

/** A token that can be found again by its transaction id and by its phone number. */
@Entity('token_transactions')
export class TokenTransaction extends TenantRow {
  @VarcharColumn(64) profile: string;
  @VarcharColumn(64) xid: string;
  /** HMAC of the digits of the number: how it is found. */
  @VarcharColumn(64) phoneHash: string;
  /** The number as it was given. */
  @SealedColumn() sealedPhoneNumber: Buffer;
  @SealedColumn() sealedToken: Buffer;
  @VarcharColumn(128) kid: string;
  @InstantColumn() createdAt: number;
  @InstantColumn() issuedAt: number;
  @InstantColumn() expiresAt: number;
  /** When the row itself goes. */
  @InstantColumn() keptUntil: number;
}

/** When the calls of the last window were, for one thing that is counted. */
@Entity('rate_windows')
@TenantOwned()
export class RateWindow {
  /** SHA-256 of tenant and what is counted, hexadecimal. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  /** Epoch milliseconds, oldest first; never more than the limit. */
  @JsonColumn() calls: readonly number[];
  @InstantColumn() expiresAt: number;
}

/** What a service signed with a key by a profile: one row for each `kid`. */
@Entity('key_uses')
@TenantOwned()
export class KeyUseRecord {
  /** SHA-256 of all that a row is about. */
  @KeyColumn(64) id: string;
  @ReferenceColumn() tenantId: string;
  @ReferenceColumn() keyId: string;
  @VarcharColumn(128) kid: string;
  /** Name of the profile: it outlives the profile. */
  @VarcharColumn(64) profile: string;
  /** `null` for users whom the profile admits, who are no service. */
  @ReferenceColumn({ nullable: true }) serviceId: string | null;
  /** How many tokens; more than a 32-bit number holds. */
  @InstantColumn() tokens: number;
  @InstantColumn() firstUsedAt: number;
  @InstantColumn() lastUsedAt: number;
}
