import { inspect } from 'node:util';

import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';

import {
  isLostRace,
  isStatementTimeout,
  isUniqueViolation,
  mariadbDialect,
  mysqlDialect,
  sqliteDialect,
  withoutStatement,
} from './dialects.js';

const failed = (properties: object): Error => Object.assign(new Error('failed'), properties);

describe('what an error of a driver means', () => {
  it.each<[object, 'duplicate' | 'lost race' | 'timeout' | 'nothing']>([
    [{ errno: 1062, code: 'ER_DUP_ENTRY' }, 'duplicate'],
    [{ code: 'SQLITE_CONSTRAINT_UNIQUE' }, 'duplicate'],
    [{ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }, 'duplicate'],
    [{ errno: 1213, code: 'ER_LOCK_DEADLOCK' }, 'lost race'],
    [{ errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT' }, 'lost race'],
    [{ errno: 1020, code: 'ER_CHECKREAD' }, 'lost race'],
    [{ code: 'SQLITE_BUSY' }, 'lost race'],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, 'lost race'],
    [{ code: 'PROTOCOL_SEQUENCE_TIMEOUT' }, 'timeout'],
    [{ code: 'SQLITE_CONSTRAINT_NOTNULL' }, 'nothing'],
    [{ errno: 1048, code: 'ER_BAD_NULL_ERROR' }, 'nothing'],
    [{}, 'nothing'],
  ])('the driver error %o means %s', (properties, meaning) => {
    for (const error of [failed(properties), new QueryFailedError('', [], failed(properties))]) {
      expect(isUniqueViolation(error)).toBe(meaning === 'duplicate');
      expect(isLostRace(error)).toBe(meaning === 'lost race');
      expect(isStatementTimeout(error)).toBe(meaning === 'timeout');
    }
  });

  it.each([undefined, null, 'text', 1])('the driver error %o means nothing', (thrown) => {
    expect([isUniqueViolation(thrown), isLostRace(thrown), isStatementTimeout(thrown)]).toEqual([false, false, false]);
  });

  it('an error of a driver can be told without the statement and its values', () => {
    const error = new QueryFailedError('INSERT INTO keys VALUES (?)', ['a secret'], failed({ code: 'X', errno: 5 }));
    const told = withoutStatement(error);
    expect(told).toMatchObject({ name: 'QueryFailedError', message: 'failed', code: 'X', errno: 5 });
    expect(inspect(told, { depth: null, showHidden: true })).not.toMatch(/INSERT|a secret/);
  });
});

describe('an identifier', () => {
  it.each([
    [sqliteDialect, '"count"'],
    [mysqlDialect, '`count`'],
    [mariadbDialect, '`count`'],
  ])('an identifier is quoted as $name does', (dialect, quoted) => {
    expect(dialect.quote('count')).toBe(quoted);
  });
});
