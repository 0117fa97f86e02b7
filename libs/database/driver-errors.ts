import type { DomainError } from '#core';

/** The meaning of a driver error for the work. */
export type DriverErrorMeaning =
  /** The database rolled this transaction back in favour of another one: its work may be repeated. */
  | 'lost-race'
  /** A unique key exists already; if the work has no error for that, it is a bug. */
  | 'duplicate'
  /** A statement timed out; its connection still waits for the response and cannot be reused. */
  | 'timeout'
  /** The database cannot be reached, is overloaded, or does not accept this client now. */
  | 'unavailable'
  /** It can be read but not written: the disk is full, or it is read-only. */
  | 'not-writable'
  /** A rule that is not part of our schema, such as a trigger of the operator, does not let the change through. */
  | 'refused'
  /** The statement is wrong: a bug, which a repetition does not fix. */
  | 'fault';

type Known = Exclude<DriverErrorMeaning, 'fault'>;

/** Errors of MySQL and MariaDB by number (their names differ between the two). What is not listed is a fault. */
const BY_NUMBER: Readonly<Record<Known, readonly number[]>> = {
  // ER_CHECKREAD, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK (a conflict at the commit in Galera, too),
  // ER_TRANSACTION_ROLLBACK_DURING_COMMIT (a conflict in Group Replication)
  'lost-race': [1020, 1205, 1213, 3101],
  // ER_DUP_ENTRY, ER_DUP_UNIQUE, ER_DUP_ENTRY_WITH_KEY_NAME
  duplicate: [1062, 1169, 1586],
  // ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT (MySQL)
  timeout: [1969, 3024],
  unavailable: [
    // Memory and threads of the server: ER_OUTOFMEMORY, ER_OUT_OF_SORTMEMORY, ER_OUT_OF_RESOURCES, ER_CANT_CREATE_THREAD,
    // ER_LOCK_TABLE_FULL
    1037,
    1038, 1041, 1135, 1206,
    // Connections: ER_CON_COUNT_ERROR, ER_BAD_HOST_ERROR, ER_HANDSHAKE_ERROR, ER_IPSOCK_ERROR, ER_HOST_IS_BLOCKED,
    // ER_HOST_NOT_PRIVILEGED, ER_ABORTING_CONNECTION, ER_NET_*, ER_NEW_ABORTING_CONNECTION,
    // ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED, ER_CONNECTION_KILLED (MariaDB), ER_SESSION_WAS_KILLED (MySQL),
    // ER_CLIENT_INTERACTION_TIMEOUT, CR_SERVER_GONE_ERROR, CR_SERVER_LOST
    1040, 1042, 1043, 1081, 1129, 1130, 1152, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927,
    3169, 4031, 2006, 2013,
    // Rights of the account: ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_BAD_DB_ERROR, ER_TABLEACCESS_DENIED_ERROR,
    // ER_COLUMNACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR, ER_NOT_SUPPORTED_AUTH_MODE,
    // ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ER_MUST_CHANGE_PASSWORD, ER_MUST_CHANGE_PASSWORD_LOGIN, ER_ACCOUNT_HAS_BEEN_LOCKED
    1044,
    1045, 1049, 1142, 1143, 1227, 1251, 1698, 1820, 1862, 3118,
    // The server stops: ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_GOT_SIGNAL, ER_SHUTDOWN_COMPLETE, ER_FORCING_CLOSE,
    // ER_QUERY_INTERRUPTED, ER_SERVER_OFFLINE_MODE
    1053, 1077, 1078, 1079, 1080, 1317, 3032,
    // The server is not part of the majority of its cluster: ER_UNKNOWN_COM_ERROR, which is what Galera says then,
    // ER_ERROR_DURING_COMMIT, ER_RUN_HOOK_ERROR
    1047, 1180, 3100,
    // The schema is not complete, while it is migrated or restored: ER_NO_SUCH_TABLE
    1146,
    // Its files: ER_CANT_OPEN_FILE, ER_ERROR_ON_READ, ER_GET_ERRNO, ER_CRASHED_ON_USAGE
    1016, 1024, 1030, 1194,
  ],
  // EE_WRITE, EE_DISK_FULL, ER_DISK_FULL, ER_ERROR_ON_WRITE, ER_RECORD_FILE_FULL, ER_OPTION_PREVENTS_STATEMENT,
  // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE, ER_INNODB_READ_ONLY, ER_TEMP_FILE_WRITE_FAILURE,
  // ER_DISK_FULL_NOWAIT, ER_OPEN_AS_READONLY
  'not-writable': [3, 20, 1021, 1026, 1036, 1114, 1290, 1792, 1836, 1874, 1878, 3675],
  // ER_SIGNAL_EXCEPTION
  refused: [1644],
};

/** Prefixes of SQLite's extended result codes; the first match counts. Unlisted codes are faults. */
const BY_SQLITE_CODE: readonly (readonly [string, Known])[] = [
  ['SQLITE_BUSY', 'lost-race'],
  ['SQLITE_LOCKED', 'lost-race'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'duplicate'],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'duplicate'],
  ['SQLITE_CONSTRAINT_ROWID', 'duplicate'],
  ['SQLITE_CONSTRAINT_TRIGGER', 'refused'],
  ['SQLITE_FULL', 'not-writable'],
  ['SQLITE_READONLY', 'not-writable'],
  ['SQLITE_IOERR_WRITE', 'not-writable'],
  ['SQLITE_IOERR_FSYNC', 'not-writable'],
  ['SQLITE_IOERR_DIR_FSYNC', 'not-writable'],
  ['SQLITE_IOERR_TRUNCATE', 'not-writable'],
  ['SQLITE_IOERR_SHMSIZE', 'not-writable'],
  ['SQLITE_IOERR', 'unavailable'],
  ['SQLITE_CANTOPEN', 'unavailable'],
  ['SQLITE_CORRUPT', 'unavailable'],
  ['SQLITE_NOTADB', 'unavailable'],
  ['SQLITE_NOMEM', 'unavailable'],
  ['SQLITE_PERM', 'unavailable'],
  ['SQLITE_AUTH', 'unavailable'],
  ['SQLITE_INTERRUPT', 'unavailable'],
  ['SQLITE_PROTOCOL', 'unavailable'],
];

/** Errors of the operating system, of TLS and of the driver itself, on the way to the database. */
const BY_CODE: Readonly<Record<string, Known>> = {
  PROTOCOL_SEQUENCE_TIMEOUT: 'timeout',
  ENOSPC: 'not-writable',
  EDQUOT: 'not-writable',
  EROFS: 'not-writable',
  ...Object.fromEntries(
    [
      'EACCES',
      'EADDRNOTAVAIL',
      'EAI_AGAIN',
      'EAI_FAIL',
      'EAI_NODATA',
      'EAI_NONAME',
      'ECONNABORTED',
      'ECONNREFUSED',
      'ECONNRESET',
      'EHOSTDOWN',
      'EHOSTUNREACH',
      'EMFILE',
      'ENETDOWN',
      'ENETRESET',
      'ENETUNREACH',
      'ENFILE',
      'ENOBUFS',
      'ENOENT',
      'ENOTCONN',
      'ENOTFOUND',
      'EPIPE',
      'EPROTO',
      'ETIMEDOUT',
      'PROTOCOL_CONNECTION_LOST',
      'PROTOCOL_PACKETS_OUT_OF_ORDER',
      'HANDSHAKE_NO_SSL_SUPPORT',
      'HANDSHAKE_SSL_ERROR',
      'AUTH_SWITCH_PLUGIN_ERROR',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'CERT_REVOKED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ].map((code) => [code, 'unavailable' as const]),
  ),
};
/** Of TLS, and of a socket that has ended. */
const SOCKET_CODE = /^ERR_(TLS|SSL|STREAM)_/;

/** Messages of the driver about closed connections, which have no code. */
const WITHOUT_CODE =
  /closed state|^Pool is closed|^Queue limit reached|^No connections available|^Connection lost|database connection is not open/;

/** Whether an error can come from a driver. */
const isFromDriver = (error: object, { code, errno }: DriverFields): boolean =>
  'driverError' in error ||
  'sqlState' in error ||
  typeof errno === 'number' ||
  (typeof code === 'string' && /^(SQLITE_|PROTOCOL_|ER_|WARN_)/.test(code));

interface DriverFields {
  code?: unknown;
  errno?: unknown;
  sqlState?: unknown;
  message?: unknown;
}

/** The driver error inside an error of TypeORM. */
function fieldsOf(error: unknown): DriverFields {
  const wrapped = (error as { driverError?: unknown } | null)?.driverError ?? error;
  return typeof wrapped === 'object' && wrapped !== null ? wrapped : {};
}

const meaningOfNumber = new Map(
  Object.entries(BY_NUMBER).flatMap(([meaning, numbers]) => numbers.map((number) => [number, meaning as Known])),
);

/** ER_GET_ERRNO wraps an error of the operating system: ENOSPC, EROFS, EDQUOT. */
const GET_ERRNO = 1030;
const NO_SPACE = /\berror:? (28|30|122)\b/i;
/** ER_ERROR_DURING_COMMIT, of a conflict with what another server of a cluster has committed before. */
const COMMIT_FAILED = 1180;
const CONFLICT = /\bdeadlock\b/i;
/** What SQLite says where MySQL says ER_NO_SUCH_TABLE. */
const NO_TABLE = /^no such table:/;

/** The meaning of an error; `undefined` if it does not come from the database or the connection to it. */
export function meaningOf(error: unknown): DriverErrorMeaning | undefined {
  if (!(error instanceof Error)) return undefined;
  const fields = fieldsOf(error);
  const { code, errno, message } = fields;
  if (errno === GET_ERRNO && NO_SPACE.test(String(message))) return 'not-writable';
  if (errno === COMMIT_FAILED && CONFLICT.test(String(message))) return 'lost-race';
  const byNumber = typeof errno === 'number' ? meaningOfNumber.get(errno) : undefined;
  if (byNumber) return byNumber;
  if (typeof code === 'string') {
    if (code === 'SQLITE_ERROR' && NO_TABLE.test(String(message))) return 'unavailable';
    const bySqlite = BY_SQLITE_CODE.find(([prefix]) => code.startsWith(prefix))?.[1];
    const known = bySqlite ?? BY_CODE[code] ?? (SOCKET_CODE.test(code) ? 'unavailable' : undefined);
    if (known) return known;
  }
  if (code === undefined && WITHOUT_CODE.test(String(message))) return 'unavailable';
  return isFromDriver(error, fields) ? 'fault' : undefined;
}

/** The client gave a statement up. */
export const isStatementTimeout = (error: unknown): boolean => meaningOf(error) === 'timeout';

export const isUniqueViolation = (error: unknown): boolean => meaningOf(error) === 'duplicate';

/** The error for a failed statement. @param duplicate for a unique key that exists already */
export const refusalOf = (error: unknown, duplicate: (() => DomainError) | undefined): unknown =>
  duplicate && isUniqueViolation(error) ? duplicate() : error;

export const isLostRace = (error: unknown): boolean => meaningOf(error) === 'lost-race';

/**
 * What failed, for logs: the codes alone. Statement, bind values and the driver's message are left out, because each of
 * them may hold secrets.
 */
export function withoutStatement(error: Error): Error {
  const { code, errno, sqlState } = fieldsOf(error);
  const told = [code, errno, sqlState].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
  const copy = new Error(told === '' ? 'The database driver gave no code' : `The database driver says ${told}`);
  return Object.assign(copy, { name: error.name, code, errno, sqlState });
}
