import { describe, expect, it } from 'vitest';
import { redisConnection } from './redis-connection.js';

describe('redisConnection', () => {
  it.each([
    ['redis://redis.internal', { host: 'redis.internal', port: 6379, db: 0 }],
    ['redis://redis.internal:6380/2', { host: 'redis.internal', port: 6380, db: 2 }],
    ['redis://:p%40ss@[2001:db8::1]:6379/', { host: '2001:db8::1', port: 6379, db: 0, password: 'p@ss' }],
    [
      'rediss://user:pass@redis.internal',
      { host: 'redis.internal', port: 6379, db: 0, username: 'user', password: 'pass', tls: {} },
    ],
  ])('redisConnection reads %s', (url, connection) => {
    expect(redisConnection(url)).toEqual(connection);
  });

  it.each([
    'http://redis.internal',
    'redis:',
    'redis:///tmp/redis.sock',
    'redis://redis.internal/name',
    'redis://redis.internal/99999',
    'redis://redis.internal?enableOfflineQueue=true',
    'redis://redis.internal/0#fragment',
    'no url',
  ])('redisConnection rejects %s', (url) => {
    expect(() => redisConnection(url)).toThrow(/^m(ust|ay)/);
  });
});
