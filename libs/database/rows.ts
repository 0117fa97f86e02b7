import { IdColumn, InstantColumn, ReferenceColumn, VersionColumn } from './columns.js';
import { TenantOwned } from './ownership.js';

// The common columns of most tables. An entity extends one of these classes.

/** A row of a tenant: every statement of a tenant's transaction is limited to its rows. */
@TenantOwned()
export abstract class TenantRow {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
}

/** A row that clients read and change; `version` is its ETag. */
export abstract class TenantResource extends TenantRow {
  @VersionColumn() version: number;
  @InstantColumn() createdAt: number;
  @InstantColumn() updatedAt: number;
}
