import { Entity } from 'typeorm';

import type { Json } from '#core';
import {
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  ReferenceColumn,
  TenantOwned,
  VarcharColumn,
  VersionColumn,
} from '#database';

@Entity('token_profiles')
@TenantOwned()
export class TokenProfile {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
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
  @VersionColumn() version: number;
  @InstantColumn() createdAt: number;
  @InstantColumn() updatedAt: number;
}
