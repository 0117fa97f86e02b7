import { describe, expect, it } from 'vitest';

import { mariadbDialect, mysqlDialect, sqliteDialect } from './dialects.js';

describe('an identifier', () => {
  it.each([
    [sqliteDialect, '"count"'],
    [mysqlDialect, '`count`'],
    [mariadbDialect, '`count`'],
  ])('an identifier is quoted as $name does', (dialect, quoted) => {
    expect(dialect.quote('count')).toBe(quoted);
  });
});
