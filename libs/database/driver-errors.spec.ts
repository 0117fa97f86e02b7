import { inspect } from 'node:util';

import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  type DriverErrorMeaning,
  isLostRace,
  isStatementTimeout,
  isUniqueViolation,
  meaningOf,
  withoutStatement,
} from './driver-errors.js';

const failed = (properties: object, message = 'failed'): Error => Object.assign(new Error(message), properties);

/** An error of each driver, as it was seen or as its documentation gives it, and what it means. */
const SAMPLES: readonly (readonly [properties: object, meaning: DriverErrorMeaning])[] = [
  // MySQL and MariaDB
  [{ errno: 1062, code: 'ER_DUP_ENTRY' }, 'duplicate'],
  [{ errno: 1213, code: 'ER_LOCK_DEADLOCK' }, 'lost-race'],
  [{ errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT' }, 'lost-race'],
  [{ errno: 1020, code: 'ER_CHECKREAD' }, 'lost-race'],
  [{ errno: 3101, code: 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT' }, 'lost-race'],
  [{ errno: 1180, code: 'ER_ERROR_DURING_COMMIT' }, 'unavailable'],
  [{ errno: 1047, code: 'ER_UNKNOWN_COM_ERROR' }, 'unavailable'],
  [{ errno: 3100, code: 'ER_RUN_HOOK_ERROR' }, 'unavailable'],
  [{ errno: 1969, code: 'ER_STATEMENT_TIMEOUT' }, 'timeout'],
  [{ errno: 1040, code: 'ER_CON_COUNT_ERROR' }, 'unavailable'],
  [{ errno: 1226, code: 'ER_USER_LIMIT_REACHED' }, 'unavailable'],
  [{ errno: 1203, code: 'ER_TOO_MANY_USER_CONNECTIONS' }, 'unavailable'],
  [{ errno: 1053, code: 'ER_SERVER_SHUTDOWN' }, 'unavailable'],
  [{ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' }, 'unavailable'],
  [{ errno: 1317, code: 'ER_QUERY_INTERRUPTED' }, 'unavailable'],
  [{ errno: 1030, code: 'ER_GET_ERRNO' }, 'unavailable'],
  [{ errno: 1021, code: 'ER_DISK_FULL' }, 'not-writable'],
  [{ errno: 1114, code: 'ER_RECORD_FILE_FULL' }, 'not-writable'],
  [{ errno: 1290, code: 'ER_OPTION_PREVENTS_STATEMENT' }, 'not-writable'],
  [{ errno: 1836, code: 'ER_READ_ONLY_MODE' }, 'not-writable'],
  [{ errno: 1644, code: 'ER_SIGNAL_EXCEPTION' }, 'refused'],
  [{ errno: 1064, code: 'ER_PARSE_ERROR' }, 'fault'],
  [{ errno: 1048, code: 'ER_BAD_NULL_ERROR' }, 'fault'],
  [{ errno: 1054, code: 'ER_BAD_FIELD_ERROR' }, 'fault'],
  [{ errno: 1146, code: 'ER_NO_SUCH_TABLE' }, 'unavailable'],
  [{ errno: 1406, code: 'ER_DATA_TOO_LONG' }, 'fault'],
  [{ errno: 1153, code: 'ER_NET_PACKET_TOO_LARGE' }, 'fault'],
  [{ errno: 1364, code: 'ER_NO_DEFAULT_FOR_FIELD' }, 'fault'],
  [{ errno: 1452, code: 'ER_NO_REFERENCED_ROW_2' }, 'fault'],
  [{ errno: 9999, code: 'UNKNOWN_CODE_PLEASE_REPORT' }, 'fault'],
  // SQLite
  [{ code: 'SQLITE_CONSTRAINT_UNIQUE' }, 'duplicate'],
  [{ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }, 'duplicate'],
  [{ code: 'SQLITE_BUSY' }, 'lost-race'],
  [{ code: 'SQLITE_BUSY_SNAPSHOT' }, 'lost-race'],
  [{ code: 'SQLITE_LOCKED_SHAREDCACHE' }, 'lost-race'],
  [{ code: 'SQLITE_FULL' }, 'not-writable'],
  [{ code: 'SQLITE_READONLY_DBMOVED' }, 'not-writable'],
  [{ code: 'SQLITE_IOERR_WRITE' }, 'not-writable'],
  [{ code: 'SQLITE_IOERR_READ' }, 'unavailable'],
  [{ code: 'SQLITE_CANTOPEN' }, 'unavailable'],
  [{ code: 'SQLITE_CORRUPT' }, 'unavailable'],
  [{ code: 'SQLITE_CONSTRAINT_TRIGGER' }, 'refused'],
  [{ code: 'SQLITE_ERROR' }, 'fault'],
  [{ code: 'SQLITE_CONSTRAINT_NOTNULL' }, 'fault'],
  [{ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' }, 'fault'],
  [{ code: 'SQLITE_TOOBIG' }, 'fault'],
  [{ code: 'SQLITE_MISMATCH' }, 'fault'],
  // The way to the database; `errorno` is how mysql2 spells it
  [{ code: 'ETIMEDOUT', errorno: 'ETIMEDOUT', syscall: 'connect' }, 'unavailable'],
  [{ code: 'ECONNREFUSED', errno: -111, syscall: 'connect' }, 'unavailable'],
  [{ code: 'ECONNRESET', errno: -104, syscall: 'read' }, 'unavailable'],
  [{ code: 'EPIPE', errno: -32 }, 'unavailable'],
  [{ code: 'EPROTO', errno: -71, syscall: 'write' }, 'unavailable'],
  [{ code: 'ENOTCONN', errno: -107, syscall: 'shutdown' }, 'unavailable'],
  [{ code: 'ERR_STREAM_WRITE_AFTER_END' }, 'unavailable'],
  [{ code: 'ERR_STREAM_DESTROYED' }, 'unavailable'],
  [{ code: 'ENOTFOUND', errno: -3008 }, 'unavailable'],
  [{ code: 'EHOSTUNREACH', errno: -113 }, 'unavailable'],
  [{ code: 'EMFILE', errno: -24 }, 'unavailable'],
  [{ code: 'ENOSPC', errno: -28 }, 'not-writable'],
  [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'unavailable'],
  [{ code: 'PROTOCOL_SEQUENCE_TIMEOUT' }, 'timeout'],
  [{ code: 'HANDSHAKE_NO_SSL_SUPPORT' }, 'unavailable'],
  [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'unavailable'],
  [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'unavailable'],
];

describe('what an error of a database driver means', () => {
  it.each(SAMPLES)('%o: %s', (properties, meaning) => {
    for (const error of [failed(properties), new QueryFailedError('', [], failed(properties))]) {
      expect(meaningOf(error)).toBe(meaning);
      expect(isUniqueViolation(error)).toBe(meaning === 'duplicate');
      expect(isLostRace(error)).toBe(meaning === 'lost-race');
      expect(isStatementTimeout(error)).toBe(meaning === 'timeout');
    }
  });

  it.each([
    "Can't add new command when connection is in closed state",
    "Can't write in closed state",
    'Pool is closed.',
    'Queue limit reached.',
    'No connections available.',
    'The database connection is not open',
  ])('an error without a code is unavailable: %s', (message) => {
    expect(meaningOf(new Error(message))).toBe('unavailable');
  });

  it('an error of the storage engine that says that the device is full is not-writable', () => {
    const message = 'Got error 28 "No space left on device" from storage engine InnoDB';
    expect(meaningOf(failed({ errno: 1030, code: 'ER_GET_ERRNO' }, message))).toBe('not-writable');
  });

  it('a commit that conflicts with one on another server of a cluster is a lost race', () => {
    const message = "Got error 149 'Lock deadlock; Retry transaction' during COMMIT";
    expect(meaningOf(failed({ errno: 1180, code: 'ER_ERROR_DURING_COMMIT' }, message))).toBe('lost-race');
  });

  it('a table that is missing is unavailable, on SQLite too', () => {
    const error = failed({ code: 'SQLITE_ERROR' }, 'no such table: notes');
    expect([meaningOf(error), meaningOf(failed({ code: 'SQLITE_ERROR' }, 'near "x": syntax error'))]).toEqual([
      'unavailable',
      'fault',
    ]);
  });

  it.each([
    undefined,
    null,
    'text',
    1,
    new Error('of our own'),
    new TypeError('x is undefined'),
    failed({ code: 'NOT_FOUND' }),
  ])('an error that does not come from the database means nothing: %o', (thrown) => {
    expect(meaningOf(thrown)).toBe(undefined);
  });
});

describe('an error of a database driver without its statement', () => {
  it('an error without its statement has the codes, and neither statement nor values nor the message that may quote both', () => {
    const cause = failed(
      { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' },
      "Duplicate entry 'a secret' for key",
    );
    const error = new QueryFailedError('INSERT INTO keys VALUES (?)', ['a secret'], cause);
    const told = withoutStatement(error);
    expect(told).toMatchObject({
      name: 'QueryFailedError',
      message: 'The database driver says ER_DUP_ENTRY 1062 23000',
      code: 'ER_DUP_ENTRY',
      errno: 1062,
    });
    expect(inspect(told, { depth: null, showHidden: true })).not.toMatch(/INSERT|a secret/);
  });
});
