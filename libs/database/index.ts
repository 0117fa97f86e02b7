export {
  BooleanColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  LargeSealedColumn,
  ReferenceColumn,
  SealedColumn,
  TextColumn,
  VarcharColumn,
  VersionColumn,
} from './columns.js';
export { databaseSettings } from './settings.js';
export type { DatabaseTls } from './tls.js';
export { databaseTlsWarning, readDatabaseTls } from './tls-settings.js';
export { type Basis, bothOf, spanAround } from './basis.js';
export type { Kept, Known } from './kept.js';
export type { StepTx } from './planned-rows.js';
export { type NewRowsOf, type OnceRow, Outdated, type PreparedWork, type SharedStep } from './prepared-work.js';
export type { RaisedInstant, Series } from './statements.js';
export {
  type Committed,
  type AnswerRow,
  type Completion,
  type Sealing,
  committed,
  completing,
  completionOf,
  withoutCompletion,
} from './completion.js';
export type { AuthorityCheck, ConfigurationCheck, EventRecorder, RecordingTransaction } from './checks.js';
export { Database, type DatabaseOptions, type DatabaseSettings } from './database.js';
export { DATABASE_SETTINGS, DatabaseModule } from './database.module.js';
export { DryRunEnd, KeyTaken, TransactionMisuse, databaseErrors } from './errors.js';
export { LastArtefacts, isDatabaseAway } from './last-artefacts.js';
export { type KnownChange, knownChange, knownTransition } from './known-rows.js';
export { StateColumn } from './lifecycle-of.js';
export { type EntityClass, InstallationOwned, TenantOwned } from './ownership.js';
export { TenantResource, TenantRow } from './rows.js';
export { type FillTarget, TargetRefused, fillDatabase } from './fill-database.js';
export type { Cell, TableRows } from './snapshot.js';
export { type SeenVersions, Tx, requireVersion } from './tx.js';
export { type KeysetOrder, MoreThanColumn, MoreThanOrEqualInRow, View, type Where } from './view.js';
// The operators of conditions, so that no other library needs to know what lies below.
export { Between, In, IsNull, LessThan, LessThanOrEqual, MoreThan, MoreThanOrEqual, Not } from 'typeorm';
export { unsafeSettings } from './mysql-settings.js';
