import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import type { SettingValues } from '#config';

import { parseDatabaseUrl } from './connection-url.js';
import type { databaseSettings } from './settings.js';
import { type DatabaseTls, type TlsMode, defaultTlsMode, tlsProblems } from './tls.js';

type DatabaseConfiguration = Omit<SettingValues<typeof databaseSettings>, 'allowUnsafeDatabase' | 'databaseCluster'>;

/** What is set, or what holds for the host of the URL where nothing is. */
const databaseTlsMode = ({ databaseUrl, databaseTls }: DatabaseConfiguration): TlsMode =>
  databaseTls ?? defaultTlsMode(parseDatabaseUrl(databaseUrl.reveal()));

/** Why the settings do not fit together; empty where they do. */
export function databaseTlsProblems(configuration: DatabaseConfiguration): string[] {
  const { databaseUrl, databaseTlsCaFile, databaseTlsCertificateFile, databaseTlsKeyFile } = configuration;
  return tlsProblems(parseDatabaseUrl(databaseUrl.reveal()), {
    mode: databaseTlsMode(configuration),
    hasCa: databaseTlsCaFile !== undefined,
    hasCertificate: databaseTlsCertificateFile !== undefined,
    hasKey: databaseTlsKeyFile !== undefined,
    serverName: configuration.databaseTlsServerName,
  }).map((problem) => `CHANCERY_DATABASE_TLS: ${problem}`);
}

/** What is less than it could be, though it was asked for; `undefined` where nothing is. */
export function databaseTlsWarning(configuration: DatabaseConfiguration): string | undefined {
  const target = parseDatabaseUrl(configuration.databaseUrl.reveal());
  const mode = databaseTlsMode(configuration);
  if (mode === 'off' && defaultTlsMode(target) !== 'off') {
    return 'The connection to the database leaves this machine unencrypted (CHANCERY_DATABASE_TLS=off)';
  }
  return mode === 'required'
    ? 'The connection to the database is encrypted to a server that is not verified (CHANCERY_DATABASE_TLS=required)'
    : undefined;
}

/**
 * The settings with the contents of their files.
 * @throws Error that names the setting whose file cannot be used
 */
export async function readDatabaseTls(configuration: DatabaseConfiguration): Promise<DatabaseTls> {
  const ca = await readPem('CHANCERY_DATABASE_TLS_CA_FILE', configuration.databaseTlsCaFile, isCertificate);
  const certificate = await readPem(
    'CHANCERY_DATABASE_TLS_CERTIFICATE_FILE',
    configuration.databaseTlsCertificateFile,
    isCertificate,
  );
  const key = await readPem('CHANCERY_DATABASE_TLS_KEY_FILE', configuration.databaseTlsKeyFile, isPrivateKey);
  if (certificate && key && !new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('CHANCERY_DATABASE_TLS_KEY_FILE: it is not the private key of the certificate');
  }
  const { databaseTlsServerName: serverName } = configuration;
  return { mode: databaseTlsMode(configuration), ca, certificate, key, serverName };
}

async function readPem(
  variable: string,
  file: string | undefined,
  isUsable: (text: string) => boolean,
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${variable}: ${file} cannot be read (${error.code})`);
  });
  if (!isUsable(text)) throw new Error(`${variable}: ${file} does not hold what is expected in PEM`);
  return text;
}

const isCertificate = (text: string): boolean => succeeds(() => new X509Certificate(text));
/** Without a passphrase: there is no person to type it. */
const isPrivateKey = (text: string): boolean => succeeds(() => createPrivateKey(text));

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
