import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';

import type { DatabaseTarget, MysqlTarget } from './connection-url.js';

/**
 * How connections to a database server are protected: not at all, encrypted to any server that answers, encrypted to a server
 * whose certificate a trusted authority has issued, or to one whose certificate is for its very name as well.
 */
export const tlsModes = ['off', 'required', 'verify-ca', 'verify'] as const;
export type TlsMode = (typeof tlsModes)[number];

export interface DatabaseTls {
  readonly mode: TlsMode;
  /** PEM of the authorities that are trusted; those of the system without. */
  readonly ca?: string | undefined;
  /** PEM of the certificate and private key that this client shows. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** The name in the server's certificate, where that is not the host of the URL. */
  readonly serverName?: string | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Nothing leaves the machine on the loopback interface; everywhere else the server has to prove who it is. */
export const defaultTlsMode = (target: DatabaseTarget): TlsMode =>
  target.kind === 'sqlite' || LOOPBACK.test(target.host) ? 'off' : 'verify';

/** Which of the settings were given, beside the mode that holds. */
export interface TlsSettings {
  readonly mode: TlsMode;
  readonly hasCa: boolean;
  readonly hasCertificate: boolean;
  readonly hasKey: boolean;
  readonly serverName: string | undefined;
}

/** Why the settings do not fit together or to the database, in words for the operator; empty where they do. */
export function tlsProblems(target: DatabaseTarget, settings: TlsSettings): string[] {
  const { mode, hasCa, hasCertificate, hasKey, serverName } = settings;
  const isAnyGiven = hasCa || hasCertificate || hasKey || serverName !== undefined;
  if (target.kind === 'sqlite') {
    return mode !== 'off' || isAnyGiven
      ? ['it and CHANCERY_DATABASE_TLS_* are for MySQL and MariaDB; DATABASE_URL names a file']
      : [];
  }
  const problems: string[] = [];
  if (mode === 'off' && isAnyGiven) problems.push('certificates are given, and TLS is off');
  if (hasCertificate !== hasKey) problems.push('a client certificate and its private key go together');
  if (mode === 'verify' && serverName === undefined && isIP(target.host) !== 0) {
    problems.push(
      'DATABASE_URL names an IP address, and a certificate is verified by name: ' +
        'set CHANCERY_DATABASE_TLS_SERVER_NAME, or CHANCERY_DATABASE_TLS to verify-ca, required or off',
    );
  }
  if (serverName !== undefined && isIP(serverName) !== 0) problems.push('a server name is no IP address');
  return problems;
}

const OLDEST_VERSION = 'TLSv1.2';

/** The options of mysql2 for a connection to the target. */
export interface MysqlConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: object;
  readonly stream?: () => Duplex;
}

/** The same for every connection: the first one, those of the pool, of migrations and of the command line. */
export function connectionOptions(
  { host, port, user, password, database }: MysqlTarget,
  tls: DatabaseTls,
): MysqlConnectionOptions {
  const target = { host, port, user, password, database };
  if (tls.mode === 'off') return target;
  const { ca, certificate: cert, key, serverName } = tls;
  const ssl = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    minVersion: OLDEST_VERSION,
    rejectUnauthorized: tls.mode !== 'required',
    verifyIdentity: tls.mode === 'verify',
  };
  if (serverName === undefined) return { ...target, ssl };
  // The driver verifies the name that it is told to connect to; the way there is ours.
  const stream = (): Duplex => connect({ host, port, noDelay: true, keepAlive: true });
  return { ...target, host: serverName, ssl, stream };
}
