import { Column, PrimaryColumn, type ColumnOptions } from 'typeorm';

// The column types that mean the same on SQLite, MySQL and MariaDB. No `char` (pads), no `json` (re-serialises what is
// hashed), no `@CreateDateColumn` (the database's clock is not ours).

type Options = Pick<ColumnOptions, 'nullable' | 'update'>;

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
/** Raised by one with every update: the ETag of the resource, and part of what a sealed value is bound to. */
export const VersionColumn = (): PropertyDecorator => Column({ type: 'int' });
