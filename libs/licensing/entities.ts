import { Entity } from 'typeorm';

import type { Json } from '#core';
import {
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  ReferenceColumn,
  TenantResource,
  TenantRow,
  TextColumn,
  VarcharColumn,
} from '#database';

import type { Customer } from './entitlement.js';

/** What one customer is entitled to now. */
@Entity('licenses')
export class License extends TenantResource {
  /** SHA-256 of the customer's identifier: one license for each. */
  @VarcharColumn(64) customerHash: string;
  @JsonColumn() customer: Customer;
  @JsonColumn() entitlement: { readonly [member: string]: Json };
  /** Number of the newest revision. */
  @IntegerColumn() revision: number;
  /** The certificate that signed it. */
  @VarcharColumn(128) kid: string;
}

/** One accepted update; never changed. */
@Entity('license_revisions')
export class LicenseRevision extends TenantRow {
  @ReferenceColumn() licenseId: string;
  @IntegerColumn() revision: number;
  /** The body as it was received: what the hash in the token is over. */
  @TextColumn() body: string;
  /** SHA-256, lower-case hexadecimal. */
  @VarcharColumn(64) bodyHash: string;
  @VarcharColumn(128) kid: string;
  /** The name in the certificate. */
  @VarcharColumn(500) subject: string;
  @ReferenceColumn({ nullable: true }) serviceId: string | null;
  /** The `jti`. */
  @VarcharColumn(64) tokenId: string;
  @InstantColumn() receivedAt: number;
}
