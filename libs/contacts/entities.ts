import { Entity } from 'typeorm';

import { IdColumn, ReferenceColumn, TenantOwned, VarcharColumn } from '#database';

/** One address of a thing: how things are found by their contacts, and contacts by their things. */
@Entity('contacts')
@TenantOwned()
export class Contact {
  @IdColumn() id: string;
  @ReferenceColumn() tenantId: string;
  @VarcharColumn(32) subjectType: 'service' | 'key' | 'certificate' | 'certificate_authority';
  /** Unique together with `email`. */
  @ReferenceColumn() subjectId: string;
  /** Normalised: see `normalizeEmail`. */
  @VarcharColumn(254) email: string;
}
