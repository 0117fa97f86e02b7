import { Secret, normalizeEmail } from '#core';
import { parseMasterKey } from '#crypto';
import { type TlsMode, parseDatabaseUrl, tlsModes } from '#database';
import { LOG_LEVELS, type LogLevel } from '#logging';

import { redisConnection } from './redis-connection.js';
import { listOf, network, oneOf, optional, setting, text, urlOf, wholeNumber } from './setting.js';

/** Checked here, so that a wrong one stops the start with all other problems; opened where it is used. */
function masterKey(value: string): Secret {
  parseMasterKey(value);
  return new Secret(value);
}

export const ROLES = ['admin', 'signing', 'scheduler'] as const;
export type Role = (typeof ROLES)[number];

function roles(value: string): readonly Role[] {
  const named = [...new Set(listOf(oneOf(ROLES))(value))];
  if (named.length === 0) throw new Error(`must name at least one of ${ROLES.join(', ')}`);
  return named;
}

/** Every setting of the server; `docs/configuration.md` is made from this table. */
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
  databaseUrl: setting({
    variable: 'DATABASE_URL',
    fallback: 'sqlite:./data/chancery.db',
    parse: (value) => {
      parseDatabaseUrl(value);
      return new Secret(value);
    },
    description:
      '`sqlite:<file>`, or `mysql://user:password@host:3306/database` for MySQL and MariaDB. Without parameters.',
    secret: true,
  }),
  databaseTls: optional({
    variable: 'CHANCERY_DATABASE_TLS',
    parse: oneOf<TlsMode>(tlsModes),
    description:
      'TLS of every connection to MySQL or MariaDB. `verify`: the certificate of the server is issued by a trusted ' +
      'authority, for its name. `verify-ca`: for any name. `required`: encrypted, to any server that answers. `off`. ' +
      'If unset, `off` for a loopback host and `verify` for every other.',
  }),
  databaseTlsCaFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CA_FILE',
    parse: text,
    description:
      'File with the certificates (PEM) of the authorities that the database server is verified by. Those of Node.js if unset.',
  }),
  databaseTlsCertificateFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_CERTIFICATE_FILE',
    parse: text,
    description: 'File with the certificate (PEM) that the database server asks its clients for.',
  }),
  databaseTlsKeyFile: optional({
    variable: 'CHANCERY_DATABASE_TLS_KEY_FILE',
    parse: text,
    description: 'File with the private key (PEM, unencrypted) of that certificate, readable by its owner only.',
  }),
  databaseTlsServerName: optional({
    variable: 'CHANCERY_DATABASE_TLS_SERVER_NAME',
    parse: text,
    description: 'The name in the certificate of the database server, where it is not the host of `DATABASE_URL`.',
  }),
  allowUnsafeDatabase: setting({
    variable: 'CHANCERY_ALLOW_UNSAFE_DATABASE',
    fallback: 'false',
    parse: (value) => oneOf(['true', 'false'])(value) === 'true',
    description: 'Start with a warning, instead of not at all, on database settings that can lose or mix up data.',
  }),
  masterKey: optional({
    variable: 'CHANCERY_MASTER_KEY',
    parse: masterKey,
    description: 'Master key: Base64 of 32 random bytes. Overrides `CHANCERY_MASTER_KEY_FILE`.',
    secret: true,
  }),
  masterKeyFile: setting({
    variable: 'CHANCERY_MASTER_KEY_FILE',
    fallback: './data/master.key',
    parse: text,
    description: 'File with the master key, readable by its owner only. Made on the first start on a new database.',
  }),
  previousMasterKey: optional({
    variable: 'CHANCERY_PREVIOUS_MASTER_KEY',
    parse: masterKey,
    description: 'The master key before the current one, while data keys are re-wrapped.',
    secret: true,
  }),
  previousMasterKeyFile: optional({
    variable: 'CHANCERY_PREVIOUS_MASTER_KEY_FILE',
    parse: text,
    description: 'File with the master key before the current one, while data keys are re-wrapped.',
  }),
  pkcs11Module: optional({
    variable: 'CHANCERY_PKCS11_MODULE',
    parse: text,
    description:
      'Path of a PKCS#11 module: the master key is a key on its token and never leaves it. Takes the place of both above.',
  }),
  pkcs11TokenLabel: setting({
    variable: 'CHANCERY_PKCS11_TOKEN_LABEL',
    fallback: 'chancery',
    parse: text,
    description: 'Label of the token.',
  }),
  pkcs11KeyLabel: setting({
    variable: 'CHANCERY_PKCS11_KEY_LABEL',
    fallback: 'chancery-master-key',
    parse: text,
    description: 'Label of the AES-256 key on the token. Made there on the first start on a new database.',
  }),
  pkcs11Pin: optional({
    variable: 'CHANCERY_PKCS11_PIN',
    parse: (value) => new Secret(value),
    description: 'PIN of the user of the token.',
    secret: true,
  }),
  roles: setting({
    variable: 'CHANCERY_ROLES',
    fallback: ROLES.join(','),
    parse: roles,
    description: 'Roles of this process; all by default.',
  }),
  publicUrl: optional({
    variable: 'CHANCERY_PUBLIC_URL',
    parse: (value) => urlOf('https:', 'http:')(value).replace(/\/+$/, ''),
    description:
      'Where others reach this server: issuer of tokens, JWKS, CRL and OCSP addresses. `http://HOST:PORT` if unset.',
  }),
  checkpointFile: setting({
    variable: 'CHANCERY_CHECKPOINT_FILE',
    fallback: './data/checkpoints.ndjson',
    parse: text,
    description:
      'File to which each signed checkpoint of a history is appended, best on another disk than the database: by it a database ' +
      'that was rolled back is recognised. `off` keeps none.',
  }),
  adminEmail: setting({
    variable: 'CHANCERY_ADMIN_EMAIL',
    fallback: 'admin@localhost',
    parse: (value) => {
      const email = normalizeEmail(value);
      if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254) throw new Error('must be an e-mail address');
      return email;
    },
    description: 'E-mail of the platform admin that the first start creates.',
  }),
  adminPassword: optional({
    variable: 'CHANCERY_ADMIN_PASSWORD',
    parse: (value) => {
      if (value.length < 12 || value.length > 256) throw new Error('must have 12 to 256 characters');
      return new Secret(value);
    },
    description: 'Password of that platform admin. A random one is made and printed once if unset.',
    secret: true,
  }),
  sessionIdleMinutes: setting({
    variable: 'CHANCERY_SESSION_IDLE_MINUTES',
    fallback: '480',
    parse: wholeNumber(15, 43_200),
    description: 'Minutes after which a session of a person ends that is not renewed.',
  }),
  sessionDays: setting({
    variable: 'CHANCERY_SESSION_DAYS',
    fallback: '30',
    parse: wholeNumber(1, 365),
    description: 'Days after which a session of a person ends, however often it is renewed.',
  }),
  redisUrl: optional({
    variable: 'REDIS_URL',
    parse: (value) => {
      redisConnection(value);
      return new Secret(value);
    },
    description:
      'Shares rate limits among processes: `redis://user:password@host:6379/0`, or `rediss:` for TLS. Each process counts by itself if unset.',
    secret: true,
  }),
  redisCaFile: optional({
    variable: 'REDIS_CA_FILE',
    parse: text,
    description:
      'PEM file of the authorities that may certify the Redis server of a `rediss:` URL. Those that Node knows if unset.',
  }),
  redisKeyPrefix: setting({
    variable: 'REDIS_KEY_PREFIX',
    fallback: 'chancery:',
    parse: (value) => {
      if (!/^[\w:.-]{1,64}$/.test(value)) throw new Error('must have 1 to 64 letters, digits or `_:.-`');
      return value;
    },
    description: 'What every key in Redis begins with. Installations that share a Redis need different ones.',
  }),
  trustedProxies: setting({
    variable: 'TRUSTED_PROXIES',
    fallback: '',
    parse: listOf(network),
    description:
      'Trusted proxies: networks, separated by commas, whose `X-Forwarded-For` is accepted. None by default.',
  }),
  connectionsMax: setting({
    variable: 'CHANCERY_CONNECTIONS_MAX',
    fallback: '4096',
    parse: wholeNumber(1, 65_535),
    description: 'Open connections of a process; further ones are closed.',
  }),
  connectionsPerAddressMax: setting({
    variable: 'CHANCERY_CONNECTIONS_PER_ADDRESS_MAX',
    fallback: '1024',
    parse: wholeNumber(1, 65_535),
    description:
      'Open connections of one source address, or of one IPv6 /64, with a process. Not counted for `TRUSTED_PROXIES`.',
  }),
  jwksUrls: setting({
    variable: 'CHANCERY_JWKS_URLS',
    fallback: '',
    parse: listOf(urlOf('https:', 'http:')),
    description:
      'URLs, separated by commas, from which the keys of trusted OpenID Connect issuers may be read. None by default: ' +
      'then a token profile gives the keys themselves.',
  }),
  logLevel: setting({
    variable: 'LOG_LEVEL',
    fallback: 'info',
    parse: oneOf<LogLevel>(LOG_LEVELS),
    description: `How much is logged: ${LOG_LEVELS.join(', ')}.`,
  }),
  drainSeconds: setting({
    variable: 'CHANCERY_DRAIN_SECONDS',
    fallback: '5',
    parse: wholeNumber(0, 300),
    description:
      'Seconds for which the server goes on answering after SIGTERM, with readiness 503 and `Connection: close`, before it ' +
      'stops listening: longer than load balancers take to notice. SIGINT (Ctrl+C) does not wait.',
  }),
  workers: setting({
    variable: 'WORKERS',
    fallback: '1',
    parse: wholeNumber(1, 64),
    description: 'Number of processes that share the port.',
  }),
} as const;
