import { readFile } from 'node:fs/promises';

import { type ErasedMonth, ErasedMonths, HistoryCheck, KeptLogs, LogKeys } from '#audit';
import { Backups, Restorations, restore } from '#backup';
import { type EpochMilliseconds, fromRfc3339, systemClock } from '#core';
import { readDatabaseTls } from '#database';
import { loadConfiguration, productVersion } from '#installation';

import { linesOf } from './audit.js';
import { CLI, onInstallation } from './installation.js';
import { problemOfStoredLogKey } from './keys.js';
import { Refusal, type Terminal } from './terminal.js';

/** What a difference ends with; a command that cannot be run at all ends with 1. */
const DIFFERENCE = 2;

interface BackupCommand {
  readonly to: string;
  readonly recipient: readonly string[];
}

/** Writes a backup while servers continue to work. */
export const makeBackup = (terminal: Terminal, { to, recipient }: BackupCommand): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const options = { folder: to, recipients: recipient, version: productVersion() };
    const { content, tables, takenAt } = await context.get(Backups).make(CLI, options);
    const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
    terminal.write(`${rows} rows of ${takenAt} are in ${to}: ${content.bytes} bytes, SHA-256 ${content.sha256}\n`);
    terminal.write(
      'The backup does not contain the master key: store the key elsewhere. Without it, the backup is useless.\n',
    );
    return true;
  });

interface RestoreCommand {
  readonly from: string;
  readonly identity?: string;
  readonly newerExport: readonly string[];
}

/** Writes a backup into an empty database, lets every library do what follows, and verifies the histories. */
export async function restoreBackup(terminal: Terminal, command: RestoreCommand): Promise<boolean | number> {
  const { configuration } = loadConfiguration(terminal.environment);
  const identity = command.identity === undefined ? undefined : await identityIn(command.identity);
  const target = {
    url: configuration.databaseUrl.reveal(),
    tls: await readDatabaseTls(configuration),
    cluster: configuration.databaseCluster,
    allowUnsafe: configuration.allowUnsafeDatabase,
    warn: (warning: string) => terminal.fail(`${warning}\n`),
  };
  // Read first: nothing is written where one of them cannot be read.
  const leftOut: ErasedMonth[] = [];
  for (const file of command.newerExport) leftOut.push(...(await erasedMonthsIn(file)));
  const { takenAt } = await restore({ folder: command.from, identity, leftOut, target }, systemClock);
  terminal.write(`The backup of ${takenAt} is in the database.\n`);
  return onInstallation(terminal, async (context) => {
    const erased = await context.get(ErasedMonths).erasedSince(context.get(Restorations).lastAt!);
    for (const { origin, size, continuesAs } of await context.get(KeptLogs).ended()) {
      terminal.write(`ENDED the log ${origin} of ${size} events: its history continues as ${continuesAs}\n`);
    }
    for (const { month, tenantId } of erased) terminal.write(`ERASED AGAIN ${month} of the history ${tenantId}\n`);
    const { events, histories, problems } = await context.get(HistoryCheck).verify();
    for (const problem of problems) terminal.write(`DIFFERENT ${problem}\n`);
    if (problems.length === 0)
      terminal.write(`${events} events of ${histories} histories are those that were signed.\n`);
    for (const file of command.newerExport) {
      for (const lost of await lostRevocations(file, fromRfc3339(takenAt)!)) terminal.write(`REVOKE AGAIN ${lost}\n`);
    }
    for (const stored of await context.get(LogKeys).inStores()) {
      const problem = problemOfStoredLogKey(stored);
      if (problem !== undefined) terminal.write(`MISSING KEY ${problem}\n`);
    }
    terminal.write('Sessions and resets have ended, and tokens of before this moment are not accepted for use once.\n');
    return problems.length === 0 ? true : DIFFERENCE;
  });
}

/** The identity in a file as `age-keygen` writes it: the line that is no comment. */
async function identityIn(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  const identity = lines.find((line) => line !== '' && !line.startsWith('#'));
  if (identity === undefined) throw new Refusal(`${path} holds no identity of age.`);
  return identity;
}

/** What takes a right away, and is undone where a backup of before it is restored. */
const REVOCATIONS: ReadonlySet<string> = new Set([
  'api_token.revoked',
  'certificate.held',
  'certificate.reason_changed',
  'certificate.revoked',
  'certificate_authority.reason_changed',
  'certificate_authority.revoked',
  'credential.changed',
  'credential.compromised',
  'credential.deleted',
  'credential.discarded',
  'credential.overlap_ended',
  'factor.removed',
  'factor.reset',
  'key.changed',
  'key.deleted',
  'key.version_compromised',
  'key.version_retired',
  'member.changed',
  'member.removed',
  'service.changed',
  'service.deleted',
  'service_account.deleted',
  'tenant.changed',
  'tenant.deleted',
  'tenant.suspended',
  'token_profile.changed',
  'token_profile.deleted',
  'token_profile.system_user_removed',
  'user.password_changed',
  'user.password_reset',
  'webhook.changed',
  'webhook.deleted',
  'webhook.disabled',
  'webhook.secret_rotated',
]);

interface ExportLine {
  readonly event?: {
    readonly occurredAt: string;
    readonly action: string;
    readonly tenantId: string;
    readonly target: { readonly id: string };
    readonly details?: { readonly month?: unknown };
  };
}

/** The months whose personal fields were erased, by an export of a history. */
async function erasedMonthsIn(path: string): Promise<ErasedMonth[]> {
  const months: ErasedMonth[] = [];
  for await (const line of linesOf(path)) {
    const { event } = JSON.parse(line) as ExportLine;
    if (event?.action !== 'history.month_erased') continue;
    months.push({ tenantId: event.target.id, month: String(event.details?.month) });
  }
  return months;
}

/** What an export of a history says was revoked after an instant, one line each. */
async function lostRevocations(path: string, after: EpochMilliseconds): Promise<string[]> {
  const lost: string[] = [];
  for await (const line of linesOf(path)) {
    const { event } = JSON.parse(line) as ExportLine;
    if (event === undefined || !REVOCATIONS.has(event.action) || (fromRfc3339(event.occurredAt) ?? 0) < after) continue;
    lost.push(`${event.occurredAt} ${event.action} ${event.target.id} (tenant ${event.tenantId})`);
  }
  return lost;
}
