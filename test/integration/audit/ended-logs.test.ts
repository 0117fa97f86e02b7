import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { CheckpointFile, Cosignatures, HistoryCheck, HistoryExport } from '#audit';
import {
  INSTALLATION_ID,
  MINUTE,
  ManualClock,
  type TenantScope,
  defineEvents,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { formatVerifierKey, openCheckpoint } from '#transparency-log';

import { run } from '../../../apps/cli/src/program.js';
import { withCode } from '../../support/errors.js';
import { eventReader, historyOf, historyStates } from '../../support/history.js';
import { snapshotOfHistories } from '../../support/history-snapshot.js';
import {
  HISTORY_HOST,
  type SignedHistory,
  newTenant,
  originOf,
  signedHistories,
} from '../../support/signed-history.js';

const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const folder = mkdtempSync(join(tmpdir(), 'chancery-ended-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let clock: ManualClock;
let path: string;
beforeEach(() => {
  clock = new ManualClock();
  path = join(folder, uuidv7(1));
});
const { instance, url } = signedHistories(() => clock);
const opened = async (): Promise<SignedHistory> => instance(await CheckpointFile.open(path));

async function record({ database }: SignedHistory, scope: TenantScope, count: number): Promise<void> {
  await database.transaction(scope, async (tx) => {
    for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key'));
  });
}

/** Another process opens the database after the backup was restored. */
async function restored(backup: () => Promise<void>): Promise<{ one: SignedHistory; restoredAt: number }> {
  await backup();
  clock.advance(MINUTE);
  const restoredAt = clock.now();
  clock.advance(MINUTE);
  const one = await opened();
  await one.keptLogs.onRestored({ restoredAt });
  // A process may have ended half-way, and is asked again.
  await one.keptLogs.onRestored({ restoredAt });
  return { one, restoredAt };
}

const nameSince = (restoredAt: number, id: string): string => `${HISTORY_HOST}/restored-${restoredAt}/${id}`;
const file = (content: string): string => {
  const name = join(folder, uuidv7(1));
  writeFileSync(name, content);
  return name;
};

/** `chancery audit verify` of an export of now, with a checkpoint that was kept. */
async function verify({ database, checkpoints, keys }: SignedHistory, scope: TenantScope, since: string) {
  const exporting = new HistoryExport(database, checkpoints, eventReader, new Cosignatures(database, { all: [] }));
  const { header, content } = await exporting.begin(scope, { format: 'ndjson' });
  let text = '';
  for await (const piece of content) text += piece;
  const origins = [header.origin, since.slice(0, since.indexOf('\n'))];
  const given = origins.flatMap((origin) => ['--key', formatVerifierKey(keys.verifierKeysOf(origin)[0]!)]);
  let output = '';
  const write = (part: string): void => void (output += part);
  const parameters = ['audit', 'verify', '--export', file(text), '--since', file(since), ...given];
  return { code: await run(parameters, { environment: {}, write, fail: write }), output };
}

const eventsOf = async ({ database }: SignedHistory, scope: TenantScope | typeof platform): Promise<object[]> =>
  (await historyOf(database).list(scope, { action: 'history.log_ended' }, {})).items;

describe('a history that was restored from a backup of before its first checkpoint', () => {
  it('a history that was restored from a backup of before its first checkpoint is signed under another name, and says so', async () => {
    const before = await opened();
    const scope = newTenant();
    await record(before, scope, 3);
    const backup = await snapshotOfHistories(url());
    await record(before, scope, 2);
    await before.checkpoints.publishDue();
    const late = await before.log.checkpoint(scope);

    const { one, restoredAt } = await restored(backup);
    const continuesAs = nameSince(restoredAt, scope.tenantId);
    expect(await one.checkpoints.rolledBack()).toEqual([]);
    expect(await one.keptLogs.ended()).toContainEqual({ origin: originOf(scope), size: 5, continuesAs });
    expect(await one.checkpoints.publishDue()).toEqual([]);
    const opening = openCheckpoint(await one.log.checkpoint(scope), continuesAs, one.keys.verifierKeysOf(continuesAs));
    expect(opening.size).toBe(4);
    expect(await eventsOf(one, scope)).toMatchObject([
      { sequence: 3, details: { log: originOf(scope), size: 5, restored: 3, continuesAs } },
    ]);
    // The log of checkpoints has no events of its own, and had no row either.
    expect(await eventsOf(one, platform)).toMatchObject([
      { details: { log: `${HISTORY_HOST}/checkpoints`, continuesAs: nameSince(restoredAt, 'checkpoints') } },
    ]);
    clock.advance(MINUTE);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    expect(await one.checkpointLog.checkpoint(platform)).toContain(nameSince(restoredAt, 'checkpoints'));
    expect(await new HistoryCheck(one.database, one.checkpoints, historyStates).verify()).toMatchObject({
      problems: [],
    });
    expect(await verify(one, scope, late)).toMatchObject({
      code: 2,
      output: expect.stringContaining(
        `the kept checkpoint has 5 events of the log ${originOf(scope)}, of which only the first 3 are in this history`,
      ),
    });
  });

  it('a tenant that was created after the backup leaves an event of the installation, and no alarm', async () => {
    const before = await opened();
    const backup = await snapshotOfHistories(url());
    const scope = newTenant();
    await record(before, scope, 2);
    await before.checkpoints.publishDue();
    const { one, restoredAt } = await restored(backup);
    expect(await one.checkpoints.rolledBack()).toEqual([]);
    expect(await eventsOf(one, platform)).toContainEqual(
      expect.objectContaining({
        target: { type: 'history', id: scope.tenantId },
        tenantId: INSTALLATION_ID,
        details: expect.objectContaining({ restored: 0, continuesAs: nameSince(restoredAt, scope.tenantId) }),
      }),
    );
  });
});

describe('a history that was restored more than once', () => {
  it('a history that an earlier release restored and left unsigned is continued by one more restoration, with all of its events', async () => {
    const scope = newTenant();
    const before = await opened();
    await record(before, scope, 3);
    const backup = await snapshotOfHistories(url());
    await record(before, scope, 2);
    await before.checkpoints.publishDue();
    // It did not ask what was signed of a history of which the database had no checkpoint.
    await backup();
    const stuck = await opened();
    await record(stuck, scope, 4);
    expect(await stuck.checkpoints.rolledBack()).toContain(originOf(scope));
    await expect(stuck.checkpoints.publish(scope.tenantId)).rejects.toThrow(withCode('HISTORY_INCONSISTENT'));

    const { one, restoredAt } = await restored(await snapshotOfHistories(url()));
    expect(await one.checkpoints.rolledBack()).toEqual([]);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    const continuesAs = nameSince(restoredAt, scope.tenantId);
    expect(await one.log.checkpoint(scope)).toContain(continuesAs);
    expect(await eventsOf(one, scope)).toMatchObject([
      { details: { log: originOf(scope), size: 5, restored: 7, continuesAs } },
    ]);
  });

  it.each<[string, number]>([
    ['at the same instant', 0],
    ['by a clock that was set back', -10 * MINUTE],
    ['later', MINUTE],
  ])('a history that was restored again %s continues as one more log, and is signed', async (_, later) => {
    const scope = newTenant();
    const before = await opened();
    await record(before, scope, 3);
    const backup = await snapshotOfHistories(url());
    await record(before, scope, 2);
    await before.checkpoints.publishDue();
    const { one, restoredAt } = await restored(backup);
    await record(one, scope, 4);
    await one.checkpoints.publishDue();
    const first = nameSince(restoredAt, scope.tenantId);
    expect(await one.log.checkpoint(scope)).toContain(first);

    await backup();
    const again = await opened();
    await again.keptLogs.onRestored({ restoredAt: restoredAt + later });
    const other = await opened();
    await other.keptLogs.onRestored({ restoredAt: restoredAt + later });
    expect(await other.checkpoints.rolledBack()).toEqual([]);
    await record(other, scope, 1);
    expect(await other.checkpoints.publishDue()).toEqual([]);
    const [name = ''] = (await other.log.checkpoint(scope)).split('\n');
    expect(name).toBe(nameSince(Math.max(restoredAt + 1, restoredAt + later), scope.tenantId));
    expect((await other.keptLogs.ended()).filter(({ origin }) => origin.endsWith(scope.tenantId))).toMatchObject([
      { origin: first, continuesAs: name },
      { origin: originOf(scope), continuesAs: name },
    ]);
    // A process that starts afterwards sees the same.
    expect(await (await opened()).checkpoints.rolledBack()).toEqual([]);
  });
});

describe('an auditor who kept a checkpoint of a log that ended', () => {
  it('an auditor who kept a checkpoint of a log that ended verifies what was restored of it, and sees what is lost or was changed', async () => {
    const before = await opened();
    const scope = newTenant();
    const kept: string[] = [];
    const grow = async (one: SignedHistory): Promise<void> => {
      await record(one, scope, 3);
      await one.checkpoints.publish(scope.tenantId);
      kept.push(await one.log.checkpoint(scope));
    };
    await grow(before);
    const backup = await snapshotOfHistories(url());
    await grow(before);

    const first = await restored(backup);
    await grow(first.one);
    const second = await restored(backup);
    await grow(second.one);
    const found = await Promise.all(kept.map((note) => verify(second.one, scope, note)));
    expect(found.map(({ code }) => code)).toEqual([0, 2, 2, 0]);
    expect(found[0]!.output).toContain(`the history was the log ${originOf(scope)}, which ended`);
    expect(found[1]!.output).toContain('only the first 3 are in this history');
    expect(found[2]!.output).toContain('only the first 3 are in this history');
    expect(found[3]!.output).not.toContain('was restored');
    // Nobody said that this one ended: it is of another history.
    const other = newTenant();
    await record(second.one, other, 1);
    await second.one.checkpoints.publish(other.tenantId);
    const foreign = await verify(second.one, scope, await second.one.log.checkpoint(other));
    expect(foreign).toMatchObject({ code: 2, output: expect.stringContaining('no event of the export says') });
  });
});
