import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { INestApplicationContext } from '@nestjs/common';

import { Checkpoints, ErasedMonths, KeptLogs, LogKeys, LogPlace } from '#audit';
import { ConfigurationError } from '#config';
import { DomainError, INSTALLATION_ID, SECOND, toRfc3339 } from '#core';
import { Database, databaseTlsWarning } from '#database';
import { type Configuration, loadConfiguration, readMasterKeys } from '#installation';
import { KeyStores, StoredObjects } from '#key-stores';
import { createLogger } from '#logging';
import { MailRelay } from '#mail';
import { ClockWatch } from '#scheduler';
import { formatVerifierKey } from '#transparency-log';
import { KeyMaintenance, Vault, mayOthersRead } from '#vault';

import { CLI, connect } from './installation.js';
import { placeOfLogKey, problemOfStoredLogKey, stateOfLogKey } from './keys.js';
import type { Terminal } from './terminal.js';

type Severity = 'ok' | 'warning' | 'error';
/** Says what one check found. */
type Report = Readonly<Record<Severity, (detail: string) => void>>;
type Checks = (check: string) => Report;

const OTHERS_MAY_READ = 0o077;
const CLOCK_TOLERANCE = 5 * SECOND;
const SAMPLE_OF_EACH_TENANT = 100;
const UNREADABLE_SHOWN_MAX = 20;
const MARKS = { ok: 'ok      ', warning: 'warning ', error: 'ERROR   ' } as const;

/** Looks at everything that keeps a server from working well, changes nothing, and says each finding in a line. */
export async function diagnose(terminal: Terminal, { all = false }: { all?: boolean }): Promise<boolean> {
  let ok = true;
  const say = (severity: Severity, check: string) => (detail: string) => {
    terminal.write(`${MARKS[severity]} ${check}: ${detail}\n`);
    ok &&= severity !== 'error';
  };
  await examine(terminal.environment, all, (check) => ({
    ok: say('ok', check),
    warning: say('warning', check),
    error: say('error', check),
  }));
  terminal.write(ok ? 'No errors.\n' : 'There are errors.\n');
  return ok;
}

async function examine(environment: Terminal['environment'], all: boolean, checks: Checks): Promise<void> {
  const given = checkConfiguration(environment, checks);
  if (!given) return;
  // A file of checkpoints that is not there yet must not be made by a command that changes nothing.
  const isKept = given.checkpointFile !== 'off' && (await modeOf(given.checkpointFile)) !== undefined;
  const configuration = isKept ? given : { ...given, checkpointFile: 'off' };
  await checkFileModes(configuration, checks);
  const context = await checkDatabase(configuration, checks);
  if (!context) return;
  try {
    if (!(await checkSchema(context.get(Database), checks))) return;
    await checkClock(context.get(ClockWatch), checks);
    if (!(await checkMasterKey(configuration, context.get(Vault), checks))) return;
    await checkHistories(configuration, context, checks);
    await checkSealedValues(context.get(KeyMaintenance), all, checks);
    await checkMailServer(context.get(MailRelay), checks);
    await checkKeyStores(context.get(KeyStores), context.get(StoredObjects), all, checks);
  } finally {
    await context.close();
  }
}

function checkConfiguration(environment: Terminal['environment'], checks: Checks): Configuration | undefined {
  const report = checks('configuration');
  try {
    const { configuration, warnings } = loadConfiguration(environment);
    for (const detail of warnings) report.warning(detail);
    report.ok('every setting can be used');
    return configuration;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const detail of error.problems) report.error(detail);
    return undefined;
  }
}

/** A user who can read the database file or the master key file has the data anyway. */
async function checkFileModes(configuration: Configuration, checks: Checks): Promise<void> {
  const report = checks('file modes');
  const {
    masterKey,
    masterKeyFile,
    previousMasterKeyFile,
    pkcs11Module,
    kmsKey,
    transitTokenFile,
    databaseTlsKeyFile,
  } = configuration;
  const current = masterKey || pkcs11Module || kmsKey ? [] : [masterKeyFile];
  const keyFiles = [...current, previousMasterKeyFile, transitTokenFile, databaseTlsKeyFile].filter(
    (file) => file !== undefined,
  );
  for (const file of keyFiles) {
    const found = await stat(file).catch(() => undefined);
    if (!found) report.error(`${file} does not exist or cannot be read`);
    else if (mayOthersRead(found)) {
      report.error(`others may read ${file}; run: chmod 600 ${file}`);
    } else report.ok(`only its owner can read ${file}`);
  }
  const file = sqliteFile(configuration);
  if (file === undefined) return;
  const modes = [await modeOf(file), await modeOf(dirname(file))];
  const isOpen = modes.every((mode) => mode !== undefined && (mode & OTHERS_MAY_READ) !== 0);
  if (isOpen) report.warning(`others may read ${file}; run: chmod 700 ${dirname(file)}`);
}

function sqliteFile({ databaseUrl }: Configuration): string | undefined {
  const url = databaseUrl.reveal();
  return url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;
}

const modeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );

async function checkDatabase(
  configuration: Configuration,
  checks: Checks,
): Promise<INestApplicationContext | undefined> {
  const report = checks('database');
  const file = sqliteFile(configuration);
  if (file !== undefined && (await modeOf(file)) === undefined) {
    report.warning(`${file} does not exist yet: the first start makes it`);
    return undefined;
  }
  try {
    const logger = createLogger('warn', {
      write: (line) => report.warning((JSON.parse(line) as { msg: string }).msg),
    });
    const context = await connect(configuration, logger);
    const database = context.get(Database);
    report.ok(`${database.dialect.name} answers; settings and collation are safe`);
    if (database.cluster !== undefined) {
      report.ok(`is a cluster (${database.cluster}): locks are written, so that its other servers see them`);
    }
    const weakness = databaseTlsWarning(configuration);
    if (weakness !== undefined) report.warning(weakness);
    else if (database.cipher !== undefined) {
      report.ok(`its certificate is verified, the connection encrypted by ${database.cipher}`);
    }
    return context;
  } catch (error) {
    report.error((error as Error).message);
    return undefined;
  }
}

async function checkSchema(database: Database, checks: Checks): Promise<boolean> {
  const missing = await database.drift();
  const report = checks('schema');
  if (missing.length === 0) report.ok('is the newest');
  else report.error('is not the newest; run: chancery migrate');
  return missing.length === 0;
}

/** Compares this host's clock with what the installation remembers, and with the database server's. */
async function checkClock(watch: ClockWatch, checks: Checks): Promise<void> {
  const report = checks('clock');
  await watch.start();
  const { paused, observed, state, shown, mark, databaseNow } = await watch.status();
  const apart = (other: number): string => `${Math.ceil(Math.abs(shown - other) / SECOND)} s`;
  if (databaseNow !== null && Math.abs(shown - databaseNow) > CLOCK_TOLERANCE) {
    report.warning(`is ${apart(databaseNow)} off the database server's`);
  }
  if (paused) report.error('jumped; run: chancery scheduler status');
  else if (state === 'behind') {
    report.error(`is ${apart(mark ?? shown)} behind the latest instant on record`);
  } else if (state === 'ahead' && !observed) {
    // Nothing may have run for this long; a server that starts now will ask for a confirmation.
    report.warning(`is ${apart(mark ?? shown)} ahead of the latest instant on record`);
  } else report.ok('agrees with what is on record');
}

/** Whether the master key opens the vault. */
async function checkMasterKey(configuration: Configuration, vault: Vault, checks: Checks): Promise<boolean> {
  const report = checks('master key');
  try {
    if (!(await vault.isInitialised())) {
      report.warning('the database is new: the first start makes its keys');
      return false;
    }
    if (!(await vault.unseal(await readMasterKeys(configuration, false)))) {
      report.error('is missing or does not open this database: the server is sealed');
      return false;
    }
    report.ok(`${vault.currentKeyId} opens this database`);
    return true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    report.error(error.message);
    return false;
  }
}

/** Compares the histories with the checkpoints that were kept outside of the database, and shows what both are verified by. */
async function checkHistories(
  { checkpointFile }: Configuration,
  context: INestApplicationContext,
  checks: Checks,
): Promise<void> {
  const report = checks('history');
  const keys = context.get(LogKeys);
  if (!(await keys.refresh())) {
    report.warning('has no keys yet: the next start makes them');
    return;
  }
  const { host, memory } = context.get(LogPlace);
  const keptLogs = context.get(KeptLogs);
  const rolledBack = await context.get(Checkpoints).rolledBack();
  for (const log of rolledBack) {
    report.error(
      `${log} lacks a part that was signed, and nothing more is signed of it: was the database rolled back? If it was restored ` +
        'on purpose, by another tool or an earlier release, run chancery backup, and chancery restore into an empty database',
    );
  }
  const ended = await keptLogs.ended();
  for (const { origin, continuesAs } of ended) {
    report.ok(`${origin} ended when the database was restored, and its history continues as ${continuesAs}`);
  }
  if (checkpointFile === 'off') report.warning('no checkpoint is kept outside of the database');
  else if (rolledBack.length === 0) {
    report.ok(`${memory.origins().length - ended.length} histories continue the checkpoints in ${checkpointFile}`);
  }
  await checkKeptLines(checkpointFile, keptLogs, report);
  for (const log of keptLogs.signedByLaterKeys()) {
    report.warning(`${log} was signed by a later key, which this database lacks; run: chancery keys rotate-log-keys`);
  }
  const { months, lastAt } = await context.get(ErasedMonths).total();
  if (lastAt !== null) {
    report.ok(
      `the personal fields of ${months} months of histories are erased, the last of them at ${toRfc3339(lastAt)}`,
    );
  }
  for (const { month, tenantId } of await context.get(ErasedMonths).present()) {
    report.error(
      `${tenantId} has the personal fields of ${month} again, which were erased: was the database restored by another way? Erase the month`,
    );
  }
  for (const period of keys.periodsOf(`${host()}/${INSTALLATION_ID}`)) {
    const state = `key ${period.number}, ${stateOfLogKey(period)}, ${placeOfLogKey(period)}`;
    const detail = `verifier key of the installation's own (${state}): ${formatVerifierKey(period.key)}`;
    report[period.compromisedAt === null ? 'ok' : 'warning'](detail);
  }
  for (const stored of await keys.inStores()) {
    const detail = problemOfStoredLogKey(stored);
    if (detail !== undefined) report[stored.isLatest ? 'error' : 'warning'](detail);
  }
}

/** What is in the file of checkpoints and counts for nothing: it cannot be told from what somebody else has written. */
async function checkKeptLines(checkpointFile: string, keptLogs: KeptLogs, report: Report): Promise<void> {
  const unverifiable = await keptLogs.unverifiable();
  for (const log of unverifiable) {
    report.error(
      `${checkpointFile} has checkpoints of ${log}, all signed by keys that this database lacks, so nothing shows whether it was ` +
        'rolled back: restore the database with its keys or, if the file is of another installation, move it away',
    );
  }
  for (const { name, reason, lines } of keptLogs.newlyRejected()) {
    const why = reason === 'altered' ? 'a signature that does not verify' : 'no signature by a key of this database';
    const detail = `${checkpointFile}: lines of ${name} with ${why}, which are ignored: ${lines}. Who can write this file?`;
    if (!unverifiable.includes(name)) report.warning(detail);
  }
}

/** Signs in to the mail server and sends nothing. */
async function checkMailServer(relay: MailRelay, checks: Checks): Promise<void> {
  const report = checks('e-mail');
  const { place } = relay;
  if (place === undefined) {
    report.ok('is not configured: links are shown to those who make them');
    return;
  }
  const { error, status } = await relay.verify();
  const reply = status === null ? '' : ` (${status})`;
  if (error === null) report.ok(`${place} takes the sign-in`);
  else report.error(`${place} takes no mail: ${error}${reply}`);
}

async function checkKeyStores(stores: KeyStores, objects: StoredObjects, all: boolean, checks: Checks): Promise<void> {
  for (const { name, algorithms, failure } of await stores.examine()) {
    const report = checks(`key store ${name}`);
    if (algorithms === undefined) {
      report.error(`does not answer: ${failure}`);
      continue;
    }
    report.ok(`answers, and signs by ${algorithms.join(', ')}`);
    const { looked, missing } = await objects.missing(name, all ? Infinity : SAMPLE_OF_EACH_TENANT);
    for (const { id, tenantId } of missing.slice(0, UNREADABLE_SHOWN_MAX)) {
      report.error(`does not have the private key of ${id}, tenant ${tenantId}`);
    }
    if (missing.length === 0) {
      report.ok(`has all ${looked} private keys that were looked for`);
    } else report.error(`does not have ${missing.length} of ${looked} private keys`);
    await checkUnknownKeys(name, objects, report);
  }
}

/** What is in a store, and of no row: nothing here destroys it, because it may be of another database. */
async function checkUnknownKeys(name: string, objects: StoredObjects, report: Report): Promise<void> {
  const unknown = await objects.unknown(name);
  if (unknown === undefined) {
    report.ok('does not tell which private keys it has');
    return;
  }
  for (const { recordId, tenantId } of unknown.slice(0, UNREADABLE_SHOWN_MAX)) {
    report.warning(`has a private key of ${recordId}, tenant ${tenantId}, which this database does not know`);
  }
  if (unknown.length === 0) report.ok('has no private key that is unknown here');
  else report.warning(`private keys that are unknown here: ${unknown.length}`);
}

async function checkSealedValues(maintenance: KeyMaintenance, all: boolean, checks: Checks): Promise<void> {
  const left = await maintenance.leftToRewrap(CLI);
  const keys = checks('data keys');
  if (left.length === 0) keys.ok('are all wrapped by the current master key');
  else keys.warning(`${left.length} are wrapped by another master key; run: chancery keys rewrap`);
  const report = checks('sealed values');
  const tenants = await maintenance.tenants(CLI);
  let shown = 0;
  for (const tenantId of tenants) {
    for (const value of await maintenance.unreadable(CLI, tenantId, all ? Infinity : SAMPLE_OF_EACH_TENANT)) {
      shown += 1;
      const { table, column, recordId, reason } = value;
      const detail = `${table}.${column} of ${recordId}, tenant ${tenantId}: ${reason}`;
      if (shown <= UNREADABLE_SHOWN_MAX) report.error(detail);
    }
  }
  if (shown > UNREADABLE_SHOWN_MAX) report.error(`${shown} in all do not open`);
  if (shown === 0) {
    const extent = all ? 'all' : `up to ${SAMPLE_OF_EACH_TENANT} of each column`;
    report.ok(`${extent} of ${tenants.length} tenant(s) open`);
  }
}
