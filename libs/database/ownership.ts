import { TransactionMisuse } from './errors.js';

// A class whose rows are stored; TypeORM reads its decorators.
export type EntityClass<Row extends object = object> = new () => Row;

/** The column with the tenant of a row, or that the rows belong to the installation. */
export type Ownership = { readonly owner: 'tenant'; readonly column: string } | { readonly owner: 'installation' };

const ownerships = new WeakMap<EntityClass, Ownership>();

/** The rows belong to tenants: every statement of a tenant's transaction is confined to `column = its tenant`. */
export const TenantOwned =
  (column = 'tenantId') =>
  (entity: EntityClass): void => {
    ownerships.set(entity, { owner: 'tenant', column });
  };

/** The rows belong to the installation: a tenant's transaction reaches them only by `tx.installation`. */
export const InstallationOwned =
  () =>
  (entity: EntityClass): void => {
    ownerships.set(entity, { owner: 'installation' });
  };

export function ownershipOf(entity: EntityClass): Ownership {
  const ownership = ownerships.get(entity);
  if (!ownership) throw new TransactionMisuse(`${entity.name} declares neither @TenantOwned nor @InstallationOwned`);
  return ownership;
}
