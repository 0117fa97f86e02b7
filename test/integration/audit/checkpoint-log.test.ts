import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { CheckpointFile, Cosignatures, HistoryCheck, HistoryExport, HistoryLog } from '#audit';
import { MINUTE, ManualClock, SECOND, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import {
  type Checkpoint,
  formatVerifierKey,
  leafHash,
  openCheckpoint,
  parseCheckpoint,
  parseEntries,
  parseLogProof,
  parseNote,
  signersOf,
  verifyConsistency,
  verifyLogProof,
} from '#transparency-log';

import { run } from '../../../apps/cli/src/program.js';
import { withCode } from '../../support/errors.js';
import { eventReader, historyStates } from '../../support/history.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  HISTORY_HOST,
  type SignedHistory,
  newTenant,
  originOf,
  signedHistories,
} from '../../support/signed-history.js';
import { startWitness } from '../../support/witness.js';

const ORIGIN = `${HISTORY_HOST}/checkpoints`;
const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const folder = mkdtempSync(join(tmpdir(), 'chancery-checkpoint-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
});
const { instance, url } = signedHistories(() => clock);

const record = ({ database }: SignedHistory, scope: TenantScope): Promise<void> =>
  database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));
const bytes = (hash: string): Buffer => Buffer.from(hash, 'hex');
const file = (content: string): string => {
  const path = join(folder, uuidv7(1));
  writeFileSync(path, content);
  return path;
};

const opening = async ({ checkpointLog, keys }: SignedHistory): Promise<Checkpoint> =>
  openCheckpoint(await checkpointLog.checkpoint(platform), ORIGIN, keys.verifierKeysOf(ORIGIN));

/** The checkpoints that the log has, as it publishes them. */
async function entriesOf(one: SignedHistory): Promise<Checkpoint[]> {
  const { size } = await opening(one);
  const entries = parseEntries(await one.checkpointLog.tile(platform, `entries/000.p/${size}`));
  expect(Buffer.concat(entries.map(leafHash))).toEqual(await one.checkpointLog.tile(platform, `0/000.p/${size}`));
  return entries.map((entry) => {
    const note = parseNote(entry.toString());
    const { origin } = parseCheckpoint(note.text);
    return openCheckpoint(entry.toString(), origin, one.keys.verifierKeysOf(origin));
  });
}

describe('the log of checkpoints', () => {
  it('the log of checkpoints has what was signed of each history, once a minute, and the last one when it grows no more', async () => {
    const one = await instance();
    const [busy, quiet] = [newTenant(), newTenant()];
    await expect(one.checkpointLog.checkpoint(platform)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await record(one, quiet);
    for (let seconds = 0; seconds < 65; seconds += 5) {
      await record(one, busy);
      expect(await one.checkpoints.publishDue()).toEqual([]);
      clock.advance(5 * SECOND);
    }
    clock.advance(MINUTE);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    const entries = await entriesOf(one);
    const sizes = (scope: TenantScope) =>
      entries.filter(({ origin }) => origin === originOf(scope)).map(({ size }) => size);
    expect([sizes(quiet), sizes(busy)]).toEqual([[1], [1, 13]]);
    expect(await new HistoryCheck(one.database, one.checkpoints, historyStates).verify()).toMatchObject({
      problems: [],
    });
  });

  it('the log of checkpoints is one for instances that add to it at the same time', async () => {
    const instances = [await instance(), await instance()];
    const scopes = Array.from({ length: 4 }, newTenant);
    const seen: Checkpoint[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const scope of scopes) {
        await record(instances[0]!, scope);
        await instances[0]!.checkpoints.publish(scope.tenantId);
      }
      clock.advance(MINUTE);
      const entered = await Promise.all(instances.map(({ checkpointLog }) => checkpointLog.enterDue()));
      expect(entered.reduce((sum, count) => sum + count)).toBe(scopes.length);
      await Promise.all(instances.map(({ checkpoints }) => checkpoints.publishDue()));
      await record(instances[0]!, newTenant());
      await instances[0]!.checkpoints.publishDue();
      seen.push(await opening(instances[1]!));
    }
    expect(await entriesOf(instances[0]!)).toHaveLength((scopes.length + 1) * 5);
    for (const [place, second] of seen.entries()) {
      const first = seen[place - 1];
      if (!first) continue;
      const { proof } = await instances[0]!.checkpointLog.consistency(scopes[0]!, first.size, second.size);
      const roots = { firstRoot: first.root, secondRoot: second.root };
      expect(verifyConsistency({ first: first.size, second: second.size, ...roots, proof: proof.map(bytes) })).toBe(
        true,
      );
    }
  });

  it('a witness cosigns the log of checkpoints as every other', async () => {
    const one = await instance();
    const witness = await startWitness();
    const scope = newTenant();
    for (const origin of [ORIGIN, originOf(scope)]) witness.trust(origin, one.keys.verifierKeysOf(origin));
    await record(one, scope);
    await one.checkpoints.publishDue();
    expect(await new Cosignatures(one.database, { all: [witness] }).requestDue()).toEqual([]);
    expect(signersOf(parseNote(await one.checkpointLog.checkpoint(platform)), [witness.key])).toEqual([witness.key]);
    await witness.close();
  });

  it('a log of checkpoints that was changed or rolled back gets no further checkpoint', async () => {
    const memory = await CheckpointFile.open(join(folder, uuidv7(1)));
    const one = await instance(memory);
    const scope = newTenant();
    await record(one, scope);
    await one.checkpoints.publishDue();
    const plain = await openPlainDataSource(url());
    await plain.query(`DELETE FROM history_checkpoints`);
    for (const table of ['history_sizes WHERE tenantId', 'history_tiles WHERE tenantId', 'history_heads WHERE id']) {
      await plain.query(`DELETE FROM ${table} = 'checkpoints'`);
    }
    await plain.destroy();
    expect(await one.checkpoints.rolledBack()).toEqual([ORIGIN]);
    clock.advance(MINUTE);
    await record(one, scope);
    const failed = await one.checkpoints.publishDue();
    expect(failed).toMatchObject([{ tenantId: 'checkpoints', error: { code: 'HISTORY_INCONSISTENT' } }]);
    await expect(one.checkpointLog.checkpoint(platform)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
  });
});

describe('an auditor who keeps a checkpoint of the platform alone', () => {
  const SIZE = 3;
  let one: SignedHistory;
  let scope: TenantScope;
  let kept: string;
  let keptSize: number;
  beforeEach(async () => {
    one = await instance();
    scope = newTenant();
    for (let count = 0; count < SIZE; count += 1) await record(one, scope);
    await one.checkpoints.publishDue();
    kept = file(await one.checkpointLog.checkpoint(platform));
    keptSize = (await opening(one)).size;
    clock.advance(MINUTE);
  });

  async function grow(): Promise<void> {
    await record(one, scope);
    expect(await one.checkpoints.publishDue()).toEqual([]);
  }

  /** `chancery audit verify` by the proofs that the auditor asks for. */
  async function verify(...more: string[]): Promise<{ code: number; output: string }> {
    const exporting = new HistoryExport(
      one.database,
      one.checkpoints,
      eventReader,
      new Cosignatures(one.database, { all: [] }),
    );
    const { content } = await exporting.begin(scope, { format: 'ndjson' });
    let text = '';
    for await (const piece of content) text += piece;
    const proofs = [await one.checkpointLog.proof(scope, keptSize), await one.checkpointLog.proof(scope)].map(file);
    const consistency = file(JSON.stringify(await one.checkpointLog.consistency(scope, keptSize)));
    const [platformKey, key] = [ORIGIN, originOf(scope)].map((name) =>
      formatVerifierKey(one.keys.verifierKeysOf(name)[0]!),
    );
    let output = '';
    const write = (part: string): void => void (output += part);
    const log = ['--platform-key', platformKey!, '--platform-since', kept, '--platform-consistency', consistency];
    const given = proofs.flatMap((path) => ['--platform', path]);
    const parameters = ['audit', 'verify', '--export', file(text), '--key', key!, ...log, ...given, ...more];
    return { code: await run(parameters, { environment: {}, write, fail: write }), output };
  }

  /** Somebody with the database and the server has the history begin with another event, and signed anew. */
  async function fork(...logs: string[]): Promise<void> {
    const plain = await openPlainDataSource(url());
    const leaf = leafHash(Buffer.from('{}')).toString('hex');
    const set = `canonical = '{}', leafHash = '${leaf}'`;
    await plain.query(`UPDATE audit_events SET ${set} WHERE sequence = 0 AND tenantId = '${scope.tenantId}'`);
    for (const log of logs) {
      await plain.query(`DELETE FROM history_tiles WHERE tenantId = '${log}'`);
      await plain.query(`DELETE FROM history_heads WHERE id = '${log}'`);
      await plain.query(`UPDATE history_sizes SET publishedSize = NULL WHERE tenantId = '${log}'`);
    }
    await plain.destroy();
  }

  it('an auditor who keeps a checkpoint of the platform alone verifies a history that grows', async () => {
    expect(await verify()).toMatchObject({ code: 0, output: expect.stringContaining('in the log of checkpoints') });
    await grow();
    expect(await verify()).toMatchObject({ code: 0 });
    const proof = parseLogProof(await one.checkpointLog.proof(scope));
    const { size } = parseCheckpoint(parseNote(Buffer.from(proof.extra!).toString()).text);
    // The export that was verified before is an event, too.
    expect([proof.index, size]).toEqual([1, SIZE + 2]);
    expect(verifyLogProof(proof, leafHash(proof.extra!), ORIGIN, one.keys.verifierKeysOf(ORIGIN))).toBe(true);
    expect(
      (await verify('--platform', file(`${(await one.checkpointLog.proof(scope)).replace('index 1', 'index 0')}`)))
        .code,
    ).toBe(2);
  });

  it('an auditor who keeps a checkpoint of the platform alone sees a history that was signed anew', async () => {
    await grow();
    await fork(scope.tenantId);
    await grow();
    expect(await verify()).toMatchObject({
      code: 2,
      output: expect.stringContaining(
        `the first ${SIZE} events are not those of the checkpoint in the log of the platform`,
      ),
    });
  });

  it('an auditor who keeps a checkpoint of the platform alone sees that its log was signed anew, too', async () => {
    await grow();
    const plain = await openPlainDataSource(url());
    await plain.query('UPDATE history_checkpoints SET leafHash = ?, note = ? WHERE sequence = 0', [
      leafHash(Buffer.from('another')).toString('hex'),
      'another',
    ]);
    await plain.destroy();
    await fork(scope.tenantId, 'checkpoints');
    clock.advance(MINUTE);
    await grow();
    expect(await verify()).toMatchObject({
      code: 2,
      output: expect.stringContaining('does not continue the checkpoint that was kept of it'),
    });
  });

  it('another tenant has no proof of it, and none before the first entry', async () => {
    await expect(one.checkpointLog.proof(newTenant())).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await expect(one.checkpointLog.consistency(newTenant(), 1)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await expect(one.checkpointLog.consistency(scope, 99)).rejects.toThrow(withCode('OUT_OF_RANGE'));
    await expect(new HistoryLog(one.database).checkpoint(newTenant())).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
  });
});
