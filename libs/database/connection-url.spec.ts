import { describe, expect, it } from 'vitest';

import { parseDatabaseUrl } from './connection-url.js';

const mysql = (changes: object) => ({
  kind: 'mysql',
  host: 'db',
  port: 3306,
  user: 'u',
  password: 'p',
  database: 'chancery',
  ...changes,
});

describe('parseDatabaseUrl', () => {
  it.each([
    ['sqlite:./data/chancery.db', { kind: 'sqlite', path: './data/chancery.db' }],
    ['sqlite:/var/lib/a b/chancery.db', { kind: 'sqlite', path: '/var/lib/a b/chancery.db' }],
    ['mysql://u:p@db/chancery', mysql({})],
    ['mariadb://u:p@db:33306/chancery', mysql({ port: 33_306 })],
    ['mysql://u@db/chancery', mysql({ password: '' })],
    ['mysql://u:%23%3F%2F%40%25@db/chancery', mysql({ password: '#?/@%' })],
    ['mysql://u%40h:p@db/my%20database', mysql({ user: 'u@h', database: 'my database' })],
    ['mysql://u:p@[::1]:3307/chancery', mysql({ host: '::1', port: 3_307 })],
  ])('parseDatabaseUrl reads %s', (url, target) => {
    expect(parseDatabaseUrl(url)).toEqual(target);
  });

  it.each([
    ['postgres://u:p@db/chancery', /starts with sqlite: or mysql:/],
    ['chancery.db', /starts with sqlite: or mysql:/],
    ['sqlite:', /name a file/],
    ['sqlite::memory:', /in memory is not supported/],
    ['sqlite:./data/chancery.db?mode=ro', /no parameters \(mode\)$/],
    [
      'mysql://u:hidden@db/chancery?ssl={"rejectUnauthorized":true}',
      /no parameters \(ssl\); TLS is set by CHANCERY_DATABASE_TLS$/,
    ],
    ['mysql://u:hidden@db/chancery?sslmode=hidden&charset=utf8&charset=x', /no parameters \(sslmode, charset\); TLS/],
    ['mysql://u:hidden@db/chancery?', undefined],
    ['mysql://u:hidden@db/chancery?socketPath=hidden', /no parameters \(socketPath\)$/],
    ['mysql://u:hidden#@db/chancery', /valid URL: .* percent-encoded/],
    ['mysql://u:hidden@db/chancery#', undefined],
    ['mysql://u:p@db/chancery#hidden', /no fragment/],
    ['mysql://u:hidden@db', /name one database/],
    ['mysql://u:hidden@db/a/b', /name one database/],
    ['mysql://u:%zzhidden@db/chancery', /percent-encoded: the password/],
  ])('parseDatabaseUrl rejects %s without its values', (url, reason) => {
    if (reason === undefined) return expect(parseDatabaseUrl(url)).toMatchObject({ database: 'chancery' });
    expect(() => parseDatabaseUrl(url)).toThrow(reason);
    expect(() => parseDatabaseUrl(url)).not.toThrow(/hidden/);
  });
});
