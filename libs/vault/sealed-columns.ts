import { INSTALLATION_ID } from '#core';
import type { EntityClass } from '#database';

/** The value of one column of one record. A sealed value opens only in the place that it was sealed for. */
export interface SealedPlace {
  readonly tenantId: string;
  /** What kind of secret: `credential-secret`, `signing-key`, ... */
  readonly purpose: string;
  readonly recordId: string;
  readonly column: string;
}

/**
 * One column that holds sealed values. It is declared once: the contexts come from it, and everything that goes
 * over all sealed values (re-sealing under a new data key, the check that they open) finds it by its entity.
 */
export interface SealedColumnSource {
  readonly entity: EntityClass;
  readonly purpose: string;
  readonly column: string;
  /** The primary key. */
  readonly idColumn: string;
  /** The rows are the installation's own, sealed with its own data key. */
  readonly ofInstallation: boolean;
  place(tenantId: string, recordId: string): SealedPlace;
}

const declared = new WeakMap<EntityClass, SealedColumnSource[]>();

function declare(source: SealedColumnSource): SealedColumnSource {
  declared.set(source.entity, [...(declared.get(source.entity) ?? []), source]);
  return source;
}

/** The sealed columns of these tables, wherever they were declared. */
export const sealedColumnsOf = (entities: readonly EntityClass[]): readonly SealedColumnSource[] =>
  entities.flatMap((entity) => declared.get(entity) ?? []);

/** Declares a sealed column of rows that belong to tenants. */
export const sealedColumn = <Row extends { id: string; tenantId: string }>(
  entity: EntityClass<Row>,
  { purpose, column }: { purpose: string; column: keyof Row & string },
): SealedColumnSource =>
  declare({
    entity,
    purpose,
    column,
    idColumn: 'id',
    ofInstallation: false,
    place: (tenantId, recordId) => ({ tenantId, purpose, recordId, column }),
  });

/** Declares a sealed column of the installation's own rows. */
export const installationSealedColumn = <Row extends object>(
  entity: EntityClass<Row>,
  source: { purpose: string; column: keyof Row & string; idColumn: keyof Row & string },
): SealedColumnSource =>
  declare({
    ...source,
    entity,
    ofInstallation: true,
    place: (_, recordId) => ({
      tenantId: INSTALLATION_ID,
      purpose: source.purpose,
      recordId,
      column: source.column,
    }),
  });
