import { isIP } from 'node:net';
import { Secret, normalizeEmail } from '#core';
import { parseMasterKey } from '#crypto';
import { type TlsMode, parseDatabaseUrl, tlsModes } from '#database';
import { databaseTlsProblems } from './database-tls.js';
import { LOG_LEVELS, type LogLevel } from './http/logging.js';
import { redisConnection } from './http/redis-connection.js';
import { SERVER_LIMITS } from './http/server-limits.js';

/** One environment variable: a row here is all that a new one needs. */
interface Setting<T> {
  readonly variable: string;
  /** As it would be written in the environment; `undefined` where the setting is off by default. */
  readonly fallback: string | undefined;
  /** Throws an `Error` that says what the value must be, without repeating it. */
  readonly parse: (text: string) => T;
  readonly description: string;
  /** Never shown, not even in the message that refuses it. */
  readonly secret?: boolean;
}

/** A setting with a default always has a value. */
const setting = <T>(row: Setting<T> & { readonly fallback: string }): Setting<T> => row;
const optional = <T>(row: Omit<Setting<T>, 'fallback'>): Setting<T | undefined> => ({ ...row, fallback: undefined });

const text = (value: string): string => value;

/** Checked here, so that a wrong one stops the start with all other problems; opened where it is used. */
function masterKey(value: string): Secret {
  parseMasterKey(value);
  return new Secret(value);
}

const wholeNumber =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };

const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: string): T => {
    if (!values.includes(value as T)) throw new Error(`must be one of ${values.join(', ')}`);
    return value as T;
  };

const listOf =
  <T>(parse: (item: string) => T) =>
  (value: string): readonly T[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map(parse);

const PREFIX_BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

function network(value: string): string {
  const [address = '', prefix, ...rest] = value.split('/');
  const bits = PREFIX_BITS[isIP(address)];
  const inRange = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (bits ?? -1));
  if (bits === undefined || !inRange || rest.length > 0) {
    throw new Error('must be a list of networks such as 10.0.0.0/8, 2001:db8::/32');
  }
  return value;
}

const urlOf =
  (...protocols: string[]) =>
  (value: string): string => {
    const protocol = URL.parse(value)?.protocol;
    if (protocol === undefined || !protocols.includes(protocol)) {
      throw new Error(`must be a URL that starts with ${protocols.join(' or ')}`);
    }
    return value;
  };

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
      'authority, for its name. `verify-ca`: for any name. `required`: encrypted, to whoever answers. `off`. ' +
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
    fallback: String(SERVER_LIMITS.connections),
    parse: wholeNumber(1, 65_535),
    description: 'Open connections of a process; further ones are closed.',
  }),
  connectionsPerAddressMax: setting({
    variable: 'CHANCERY_CONNECTIONS_PER_ADDRESS_MAX',
    fallback: String(SERVER_LIMITS.connectionsPerAddress),
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

type Settings = typeof settings;

/** What the process runs with, typed by the table. */
export type Configuration = { readonly [Name in keyof Settings]: ReturnType<Settings[Name]['parse']> };

export interface LoadedConfiguration {
  readonly configuration: Configuration;
  /** Variables that look like ours and are not: most likely spelling mistakes. */
  readonly warnings: readonly string[];
}

/** Lists everything that is wrong with the environment. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Settings that say the same thing in two ways. */
const EXCLUSIVE = [
  ['CHANCERY_MASTER_KEY', 'CHANCERY_MASTER_KEY_FILE'],
  ['CHANCERY_PREVIOUS_MASTER_KEY', 'CHANCERY_PREVIOUS_MASTER_KEY_FILE'],
  ['CHANCERY_PKCS11_MODULE', 'CHANCERY_MASTER_KEY'],
  ['CHANCERY_PKCS11_MODULE', 'CHANCERY_MASTER_KEY_FILE'],
] as const;

/**
 * Reads the settings from an environment; an empty variable counts as absent.
 *
 * @throws ConfigurationError with every problem, never with the value of a secret
 */
export function loadConfiguration(environment: Readonly<Record<string, string | undefined>>): LoadedConfiguration {
  const problems: string[] = EXCLUSIVE.filter((pair) => pair.every((name) => environment[name])).map(
    ([one, other]) => `${one} and ${other} exclude each other`,
  );
  const entries = Object.entries<Setting<unknown>>(settings).map(([name, row]) => {
    const given = environment[row.variable] || row.fallback;
    if (given === undefined) return [name, undefined];
    try {
      return [name, row.parse(given)];
    } catch (error) {
      const shown = row.secret ? '' : `, not ${JSON.stringify(given)}`;
      problems.push(`${row.variable}: ${(error as Error).message}${shown}`);
      return [name, undefined];
    }
  });
  const configuration = Object.fromEntries(entries) as Configuration;
  if (problems.length === 0) {
    problems.push(...databaseTlsProblems(configuration).map((problem) => `CHANCERY_DATABASE_TLS: ${problem}`));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { configuration, warnings: unknownVariables(environment) };
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(Object.values<Setting<unknown>>(settings).map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((name) => name.startsWith('CHANCERY_') && !known.has(name))
    .map((name) => `${name} is not a setting and has no effect`);
}

/** The table as `docs/configuration.md` shows it. */
export function configurationMarkdown(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(({ variable, fallback, description, secret }) => {
    const shown = fallback === undefined ? 'not set' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${variable}\` | ${shown} | ${description}${secret ? ' **Secret.**' : ''} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
