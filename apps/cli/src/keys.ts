import type { INestApplicationContext } from '@nestjs/common';

import { type LogKeyPeriod, LogKeys, LogPlace, type StoredLogKey } from '#audit';
import { INSTALLATION_ID, toRfc3339 } from '#core';
import { formatVerifierKey } from '#transparency-log';
import { KeyMaintenance } from '#vault';

import { CLI, onInstallation } from './installation.js';
import type { Terminal } from './terminal.js';

/** Says how many data keys are left under another master key; all is well where none is. */
export const rewrap = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const { rewrapped, left, missingKeyIds } = await context.get(KeyMaintenance).rewrap(CLI);
    terminal.write(`${rewrapped} data key(s) re-wrapped, ${left} left.\n`);
    if (left === 0) {
      terminal.write('The previous master key is no longer needed.\n');
      return true;
    }
    terminal.fail(
      `Those are wrapped by master key ${missingKeyIds.join(', ')}. Set CHANCERY_PREVIOUS_MASTER_KEY or ` +
        'CHANCERY_PREVIOUS_MASTER_KEY_FILE to it and run this again.\n',
    );
    return false;
  });

/** Renews data keys, of one tenant or of all. */
export const rotateDataKeys = (terminal: Terminal, options: { tenant?: string }): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const maintenance = context.get(KeyMaintenance);
    const tenants = options.tenant === undefined ? await maintenance.tenants(CLI) : [options.tenant];
    const total = { resealed: 0, unreadable: 0, kept: 0 };
    for (const tenantId of tenants) {
      const { resealed, unreadable, kept } = await maintenance.rotateDataKey(CLI, tenantId);
      total.resealed += resealed;
      total.unreadable += unreadable;
      total.kept += kept;
    }
    terminal.write(`${tenants.length} tenant(s): ${total.resealed} value(s) re-encrypted.\n`);
    if (total.unreadable > 0)
      terminal.fail(`${total.unreadable} value(s) do not open; run \`chancery doctor --all\`.\n`);
    if (total.kept > 0) {
      terminal.write(`${total.kept} earlier data key(s) are kept for now; run this again in a few minutes.\n`);
    }
    return total.unreadable === 0;
  });

/** Where the next key is made: `false` seals it in the database. */
export interface NextLogKey {
  readonly keyStore?: string | false;
}

const storeOf = ({ keyStore }: NextLogKey): string | null | undefined => (keyStore === false ? null : keyStore);

/** Makes the next keys that sign the checkpoints of the histories, and shows what both are verified by. */
export const rotateLogKeys = (terminal: Terminal, options: NextLogKey): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const logKeys = context.get(LogKeys);
    const { keys } = await logKeys.rotate(CLI, storeOf(options));
    writeLogKeys(terminal, context, keys.at(-1)!.number);
    terminal.write(
      'Auditors and witnesses need the new key of each history until then: GET /v1/history/keys?origin=\n',
    );
    return true;
  });

/** Ends a key immediately because somebody else may have it, and shows what the histories are verified by from now on. */
export const compromiseLogKey = (
  terminal: Terminal,
  { number, ...options }: NextLogKey & { readonly number: string },
): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const { keys } = await context.get(LogKeys).compromise(CLI, Number(number), storeOf(options));
    writeLogKeys(terminal, context, keys.at(-1)!.number);
    terminal.write(
      `Every history is signed again without key ${number} by the process with the role scheduler. Tell auditors and witnesses today that they must no longer trust it.\n`,
    );
    return true;
  });

function writeLogKeys(terminal: Terminal, context: INestApplicationContext, latest: number): void {
  const origin = `${context.get(LogPlace).host()}/${INSTALLATION_ID}`;
  terminal.write(`Key ${latest} signs every checkpoint from now on. Of the installation's own history:\n`);
  for (const period of context.get(LogKeys).periodsOf(origin)) {
    terminal.write(
      `${formatVerifierKey(period.key)} (key ${period.number}, ${stateOfLogKey(period)}, ${placeOfLogKey(period)})\n`,
    );
  }
}

/** What a person is to know of a key of the histories. */
export function stateOfLogKey({ signsUntil, compromisedAt }: LogKeyPeriod): string {
  if (compromisedAt !== null) return `COMPROMISED since ${toRfc3339(compromisedAt)}: trust it no more`;
  return signsUntil === null ? 'the latest' : `signs until ${toRfc3339(signsUntil)}`;
}

/** Where the private half of a key of the histories is. */
export const placeOfLogKey = ({ keyStore }: LogKeyPeriod): string =>
  keyStore === null ? 'sealed in the database' : `in the key store ${keyStore}`;

/** What keeps a key in a store from signing; `undefined` where nothing does. */
export function problemOfStoredLogKey({ number, keyStore, isLatest, state }: StoredLogKey): string | undefined {
  if (state === 'present') return undefined;
  const problems = {
    missing: `does not have key ${number}`,
    away: `does not answer, which has key ${number}`,
    'not configured': `is not configured here, which has key ${number}`,
  } as const;
  const what = `the key store ${keyStore} ${problems[state]}`;
  if (!isLatest) return `${what}: checkpoints are signed without its Ed25519 signature`;
  return `${what}, the latest of the histories: no checkpoint is signed. Where it is lost, run: chancery keys rotate-log-keys --no-key-store`;
}
