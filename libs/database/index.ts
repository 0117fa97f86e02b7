export {
  BooleanColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  KeyColumn,
  ReferenceColumn,
  SealedColumn,
  TextColumn,
  VarcharColumn,
  VersionColumn,
} from './columns.js';
export { type DatabaseTarget, parseDatabaseUrl } from './connection-url.js';
export { type DatabaseTls, type TlsMode, defaultTlsMode, tlsModes, tlsProblems } from './tls.js';
export { type Completion, completing, completionOf, withoutCompletion } from './completion.js';
export {
  type AuthorityCheck,
  Database,
  type DatabaseOptions,
  type DatabaseSettings,
  type EventRecorder,
  type WorkEvents,
} from './database.js';
export { DATABASE_SETTINGS, DatabaseModule } from './database.module.js';
export { TransactionMisuse, databaseErrors } from './errors.js';
export { type Artefact, LastArtefacts, isDatabaseAway } from './last-artefacts.js';
export { type EntityClass, InstallationOwned, TenantOwned } from './ownership.js';
export { Tx, requireVersion } from './tx.js';
export { type KeysetOrder, MoreThanColumn, View, type Where } from './view.js';
// The operators of conditions, so that no other library needs to know what lies below.
export { Between, In, IsNull, LessThan, LessThanOrEqual, MoreThan, MoreThanOrEqual, Not } from 'typeorm';
export { unsafeSettings } from './mysql.js';
