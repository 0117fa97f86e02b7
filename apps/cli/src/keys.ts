import { LogKeys, LogPlace } from '#audit';
import { INSTALLATION_ID, toRfc3339 } from '#core';
import { formatVerifierKey } from '#transparency-log';
import { KeyMaintenance } from '#vault';

import { CLI, onInstallation } from './installation.js';
import type { Terminal } from './terminal.js';

/** Says how many data keys are left under another master key; all is well where none is. */
export const rewrap = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const { rewrapped, left, missingKeyIds } = await context.get(KeyMaintenance).rewrap(CLI);
    terminal.write(`${rewrapped} data key(s) wrapped anew, ${left} left.\n`);
    if (left === 0) {
      terminal.write('The previous master key is needed no more.\n');
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
    terminal.write(`${tenants.length} tenant(s): ${total.resealed} value(s) sealed anew.\n`);
    if (total.unreadable > 0)
      terminal.fail(`${total.unreadable} value(s) do not open; run \`chancery doctor --all\`.\n`);
    if (total.kept > 0) {
      terminal.write(`${total.kept} earlier data key(s) are kept for now; run this again in a few minutes.\n`);
    }
    return total.unreadable === 0;
  });

/** Makes the next keys that sign the checkpoints of the histories, and shows what both are verified by. */
export const rotateLogKeys = (terminal: Terminal): Promise<boolean> =>
  onInstallation(terminal, async (context) => {
    const logKeys = context.get(LogKeys);
    const { keys } = await logKeys.rotate(CLI);
    const origin = `${context.get(LogPlace).host()}/${INSTALLATION_ID}`;
    terminal.write(
      `Key ${keys.at(-1)!.number} signs every checkpoint from now on. Of the installation's own history:\n`,
    );
    for (const { key, signsUntil } of logKeys.periodsOf(origin, keys)) {
      const until = signsUntil === null ? 'the latest' : `signs until ${toRfc3339(signsUntil)}`;
      terminal.write(`${formatVerifierKey(key)} (${until})\n`);
    }
    terminal.write(
      'Auditors and witnesses need the new key of each history until then: GET /v1/history/keys?origin=\n',
    );
    return true;
  });
