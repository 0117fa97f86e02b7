import { Secret } from '#core';
import { LOG_LEVELS, type LogLevel } from '#logging';

import type { SettingValues } from './configuration.js';
import { redisConnection } from './redis-connection.js';
import { baseUrlOf, listOf, network, oneOf, optional, setting, text, wholeNumber } from './setting.js';

export const ROLES = ['admin', 'signing', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

function roles(value: string): readonly Role[] {
  const named = [...new Set(listOf(oneOf(ROLES))(value))];
  if (named.length === 0) throw new Error(`must name at least one of ${ROLES.join(', ')}`);
  return named;
}

/** The settings of a process, which belong to no library. Those of a library are in the `settings.ts` of its folder. */
export const settings = {
  port: setting({
    variable: 'PORT',
    fallback: '3000',
    parse: wholeNumber(0, 65_535),
    description: 'TCP port; 0 takes any free one.',
  }),
  host: setting({
    variable: 'HOST',
    fallback: '127.0.0.1',
    parse: text,
    description: 'Address to listen on. `0.0.0.0` or `::` opens the server to the network; put TLS in front of it.',
  }),
  roles: setting({
    variable: 'CHANCERY_ROLES',
    fallback: ROLES.join(','),
    parse: roles,
    description: 'Roles of this process; all by default.',
  }),
  publicUrl: optional({
    variable: 'CHANCERY_PUBLIC_URL',
    parse: baseUrlOf('https:', 'http:'),
    description:
      'URL of this server for clients: issuer of tokens, base of JWKS, CRL and OCSP addresses. Default: ' +
      '`http://HOST:PORT`.',
  }),
  redisUrl: optional({
    variable: 'REDIS_URL',
    parse: (value) => {
      redisConnection(value);
      return new Secret(value);
    },
    description:
      'Redis server for rate limits shared by all processes: `redis://user:password@host:6379/0`, or `rediss:` ' +
      'for TLS. If unset, each process counts by itself.',
    secret: true,
  }),
  redisCaFile: optional({
    variable: 'REDIS_CA_FILE',
    parse: text,
    description:
      'PEM file with the trusted authorities for the Redis server of a `rediss:` URL. Default: those of Node.js.',
  }),
  redisKeyPrefix: setting({
    variable: 'REDIS_KEY_PREFIX',
    fallback: 'chancery:',
    parse: (value) => {
      if (!/^[\w:.-]{1,64}$/.test(value)) throw new Error('must have 1 to 64 letters, digits or `_:.-`');
      return value;
    },
    description: 'Prefix of all keys in Redis. Installations that share a Redis server need different prefixes.',
  }),
  trustedProxies: setting({
    variable: 'TRUSTED_PROXIES',
    fallback: '',
    parse: listOf(network),
    description: 'Comma-separated networks of trusted proxies, whose `X-Forwarded-For` is accepted. None by default.',
  }),
  connectionsMax: setting({
    variable: 'CHANCERY_CONNECTIONS_MAX',
    fallback: '4096',
    parse: wholeNumber(1, 65_535),
    description: 'Maximum open connections of a process; more are closed.',
  }),
  connectionsPerAddressMax: setting({
    variable: 'CHANCERY_CONNECTIONS_PER_ADDRESS_MAX',
    fallback: '1024',
    parse: wholeNumber(1, 65_535),
    description:
      'Maximum open connections of one source address, or one IPv6 /64, per process. Does not apply to ' +
      '`TRUSTED_PROXIES`.',
  }),
  metricsPort: optional({
    variable: 'CHANCERY_METRICS_PORT',
    parse: wholeNumber(0, 65_535),
    description:
      'Separate TCP port for `GET /metrics`, at the address of `HOST`; 0 selects any free port. With `WORKERS`, ' +
      'each process has its own port, starting with this one. Without a port and a token, metrics are off.',
  }),
  metricsToken: optional({
    variable: 'CHANCERY_METRICS_TOKEN',
    parse: (value) => {
      if (!/^[\x21-\x7e]{16,256}$/.test(value)) throw new Error('must have 16 to 256 visible ASCII characters');
      return new Secret(value);
    },
    description:
      'Token that `GET /metrics` requires as `Authorization: Bearer`, on the separate port or, without one, on ' +
      '`PORT`.',
    secret: true,
  }),
  logLevel: setting({
    variable: 'LOG_LEVEL',
    fallback: 'info',
    parse: oneOf<LogLevel>(LOG_LEVELS),
    description: `Log level: ${LOG_LEVELS.join(', ')}.`,
  }),
  drainSeconds: setting({
    variable: 'CHANCERY_DRAIN_SECONDS',
    fallback: '5',
    parse: wholeNumber(0, 300),
    description:
      'Seconds for which the server continues to answer after SIGTERM, with readiness 503 and `Connection: ' +
      'close`, before it stops listening. Set it longer than load balancers need to notice. SIGINT (Ctrl+C) does ' +
      'not wait.',
  }),
  workers: setting({
    variable: 'WORKERS',
    fallback: '1',
    parse: wholeNumber(1, 64),
    description: 'Number of processes that share the port.',
  }),
} as const;

type MetricsSettings = Pick<SettingValues<typeof settings>, 'metricsPort' | 'metricsToken' | 'workers'>;

/** Each of several workers shows its own metrics, so that each needs a port. */
export function metricsProblems({ metricsPort, metricsToken, workers }: MetricsSettings): string[] {
  const isOn = metricsPort !== undefined || metricsToken !== undefined;
  if (workers === 1 || !isOn || (metricsPort ?? 0) > 0) return [];
  return ['CHANCERY_METRICS_PORT: must be set, and not 0, for the metrics of several WORKERS'];
}
