import type { RedisOptions } from 'ioredis';

const DEFAULT_PORT = 6379;

/**
 * What the client needs to know, read from the URL. Query parameters are rejected: the client would take any of its
 * options from them.
 * @throws Error that says what is wrong, without repeating the URL
 */
export function redisConnection(
  url: string,
): Pick<RedisOptions, 'host' | 'port' | 'username' | 'password' | 'db' | 'tls'> {
  const parsed = URL.parse(url);
  if (parsed === null || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new Error('must be a URL that starts with redis: or rediss: and names a host');
  }
  const database = /^\/?(\d{0,4})$/.exec(parsed.pathname)?.[1];
  if (database === undefined || parsed.search !== '' || parsed.hash !== '') {
    throw new Error('may have a number of a database after the host and nothing else: no path, no parameters');
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    db: Number(database),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
