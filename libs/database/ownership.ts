import { TransactionMisuse } from './errors.js';

// A class whose rows are stored; TypeORM reads its decorators.
export type EntityClass<Row extends object = object> = new () => Row;

/** The column with the tenant of a row, or a mark that rows belong to the installation. */
type Ownership = { readonly owner: 'tenant'; readonly column: string } | { readonly owner: 'installation' };

type Row = abstract new () => object;
const ownerships = new WeakMap<Row, Ownership>();

/** Rows belong to tenants: every statement of a tenant's transaction is limited to `column = its tenant`. */
export const TenantOwned =
  (column = 'tenantId') =>
  (entity: Row): void => {
    ownerships.set(entity, { owner: 'tenant', column });
  };

/** Rows belong to the installation: a tenant's transaction accesses them only through `tx.installation`. */
export const InstallationOwned =
  () =>
  (entity: Row): void => {
    ownerships.set(entity, { owner: 'installation' });
  };

/** What the class declares, or the nearest one that it extends. @throws TransactionMisuse where none does */
export function ownershipOf(entity: EntityClass): Ownership {
  for (let row: Row = entity; typeof row === 'function'; row = Object.getPrototypeOf(row) as Row) {
    const ownership = ownerships.get(row);
    if (ownership) return ownership;
  }
  throw new TransactionMisuse(`${entity.name} declares neither @TenantOwned nor @InstallationOwned`);
}
