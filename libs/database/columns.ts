import { Column, type ColumnOptions, type EntityMetadata, PrimaryColumn } from 'typeorm';

// The column types that mean the same on SQLite, MySQL and MariaDB. No `char` (pads), no `json` (re-serialises what is
// hashed), no `@CreateDateColumn` (the database's clock is not ours).

type Options = Pick<ColumnOptions, 'nullable' | 'update'>;

type ColumnMetadata = EntityMetadata['columns'][number];

/** What a blob of MySQL holds is not enough for these. */
const largeColumns = new Map<unknown, readonly (string | symbol)[]>();
const BLOB = 'blob';
const MEDIUM_BLOB = 'mediumblob';

/** MySQL drivers may hand a BIGINT over as text; epoch milliseconds are safe integers for 285,000 years. */
export const safeInteger = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

const jsonText = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown)),
};

/** UUID primary key, made by the application. */
export const IdColumn = (): PropertyDecorator => PrimaryColumn({ type: 'varchar', length: 36 });
/** Part of a primary key that is not a UUID. */
export const KeyColumn = (length: number): PropertyDecorator => PrimaryColumn({ type: 'varchar', length });
/** Refers to another row by its id; entity classes never refer to each other (ESM cycles). */
export const ReferenceColumn = (options: Options & { readonly default?: string } = {}): PropertyDecorator =>
  Column({ type: 'varchar', length: 36, ...options });
export const VarcharColumn = (length: number, options: Options = {}): PropertyDecorator =>
  Column({ type: 'varchar', length, ...options });
/** Up to 64 KiB of text. */
export const TextColumn = (options: Options = {}): PropertyDecorator => Column({ type: 'text', ...options });
/** A JSON value kept as text, exactly as it was serialised. */
export const JsonColumn = (options: Options = {}): PropertyDecorator =>
  Column({ type: 'text', transformer: jsonText, ...options });
export const IntegerColumn = (options: Options & { readonly default?: number } = {}): PropertyDecorator =>
  Column({ type: 'int', ...options });
export const BooleanColumn = (options: Options & { readonly default?: boolean } = {}): PropertyDecorator =>
  Column({ type: 'boolean', ...options });
/** A moment as epoch milliseconds, set by the application's clock. */
export const InstantColumn = (options: Options & { readonly default?: number } = {}): PropertyDecorator =>
  Column({ type: 'bigint', transformer: safeInteger, ...options });
/** Sealed bytes, up to 64 KiB. */
export const SealedColumn = (options: Options = {}): PropertyDecorator => Column({ type: 'blob', ...options });
/** Sealed bytes, up to 16 MiB: its owner sets a limit that any server takes in one packet, see `STATEMENT_BYTES_MAX`. */
export const LargeSealedColumn =
  (options: Options = {}): PropertyDecorator =>
  (target, property) => {
    largeColumns.set(target.constructor, [...(largeColumns.get(target.constructor) ?? []), property]);
    SealedColumn(options)(target, property);
  };
/** Raised by one with every update: the ETag of the resource, and part of what a sealed value is bound to. */
export const VersionColumn = (): PropertyDecorator => Column({ type: 'int' });

/** Gives large columns their type on MySQL and MariaDB. An entity cannot name it: SQLite, which has one kind of blob, would refuse the entity. */
export function widenLargeColumns(entities: readonly EntityMetadata[]): void {
  for (const { columns, target } of entities) {
    for (const column of columns) {
      if (largeColumns.get(target)?.includes(column.propertyName)) column.type = MEDIUM_BLOB;
    }
  }
}

export const hasBytes = ({ type }: Pick<ColumnMetadata, 'type'>): boolean => type === BLOB || type === MEDIUM_BLOB;
