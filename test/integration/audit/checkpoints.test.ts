import { appendFileSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DataSource } from 'typeorm';
import { afterAll, describe, expect, it } from 'vitest';

import { CheckpointFile } from '#audit';
import { ManualClock, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import { Database } from '#database';
import {
  checkpointSigner,
  formatCheckpoint,
  formatNote,
  leafHash,
  openCheckpoint,
  parseEntries,
  parseLogProof,
  parseNote,
  signNote,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
} from '#transparency-log';

import { withCode } from '../../support/errors.js';
import { createMigratedDatabase } from '../../support/database.js';
import { snapshotOfHistories } from '../../support/history-snapshot.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import {
  HISTORY_HOST,
  type SignedHistory,
  newTenant,
  openSignedHistory,
  signedHistories,
} from '../../support/signed-history.js';

const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const clock = new ManualClock();
const folder = mkdtemp(join(tmpdir(), 'chancery-checkpoints-'));
afterAll(async () => rm(await folder, { recursive: true, force: true }));

const { instance, url } = signedHistories(() => clock);

const record = (database: Database, scope: TenantScope, count = 1): Promise<void> =>
  database.transaction(scope, async (tx) => {
    for (let left = count; left > 0; left -= 1) tx.record(keyEvents.used('key'));
  });

const bytes = (hash: string): Buffer => Buffer.from(hash, 'hex');

const opening = async ({ log, keys }: SignedHistory, scope: TenantScope) => {
  const origin = `${HISTORY_HOST}/${scope.tenantId}`;
  return openCheckpoint(await log.checkpoint(scope), origin, keys.verifierKeysOf(origin));
};

/** Changes rows as somebody does who has the database and not the server. */
async function edit(work: (plain: DataSource) => Promise<unknown>): Promise<void> {
  const plain = await openPlainDataSource(url());
  await work(plain);
  await plain.destroy();
}

describe('a checkpoint', () => {
  it('checkpoints of any number of histories are signed in one run, whichever of them cannot be', async () => {
    const one = await instance();
    const scopes = Array.from({ length: 120 }, newTenant).toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    await one.database.platform(platform, async (tx) => {
      for (const { tenantId } of scopes) tx.record({ ...keyEvents.used('key'), tenantId });
    });
    // More than are looked up together, and the first of all.
    const broken = scopes.slice(0, 60).map(({ tenantId }) => tenantId);
    await edit((plain) => plain.query('UPDATE history_sizes SET size = 9 WHERE tenantId <= ?', [broken.at(-1)]));
    const failed = await one.checkpoints.publishDue();
    expect(failed.map(({ tenantId }) => tenantId)).toEqual(broken);
    expect(await opening(one, scopes.at(-1)!)).toMatchObject({ size: 1 });
  });

  it('a checkpoint that could not be kept because a disk was full is kept as soon as there is room, though nothing is recorded since', async () => {
    const path = join(await folder, 'on-a-full-disk');
    symlinkSync('/dev/full', path);
    const one = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    await record(one.database, scope);
    const failed = await one.checkpoints.publishDue();
    expect(failed.map(({ error }) => (error as { code?: string }).code)).toContain('ENOSPC');
    expect(one.checkpoints.isDegraded).toBe(true);
    expect(await opening(one, scope)).toMatchObject({ size: 1 });
    rmSync(path);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    expect(one.checkpoints.isDegraded).toBe(false);
    expect(readFileSync(path, 'utf8')).toContain(`${HISTORY_HOST}/${scope.tenantId}`);
  });

  it('a checkpoint covers what was recorded, and is signed again only when there is more', async () => {
    const one = await instance();
    const scope = newTenant();
    await expect(one.log.checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await record(one.database, scope, 3);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    const first = await one.log.checkpoint(scope);
    expect(await opening(one, scope)).toMatchObject({ size: 3 });
    await one.checkpoints.publishDue();
    expect(await one.log.checkpoint(scope)).toBe(first);
    await record(one.database, scope, 600);
    await one.checkpoints.publishDue();
    expect(await opening(one, scope)).toMatchObject({ size: 603 });
    await one.checkpoints.publishDue();
    const own = await one.log.checkpoint(platform).catch(() => undefined);
    expect(own).toBeUndefined();
  });

  it('the checkpoints of instances that sign at the same time continue each other', async () => {
    const instances = [await instance(), await instance()];
    const scope = newTenant();
    const notes: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      await Promise.all(instances.map(({ database }) => record(database, scope, 1 + round * 20)));
      const failed = await Promise.all(instances.map(({ checkpoints }) => checkpoints.publishDue()));
      expect(failed.flat()).toEqual([]);
      notes.push(await instances[0]!.log.checkpoint(scope));
    }
    const [reader] = instances;
    const origin = `${HISTORY_HOST}/${scope.tenantId}`;
    const trees = notes.map((note) => openCheckpoint(note, origin, reader!.keys.verifierKeysOf(origin)));
    for (const [place, second] of trees.entries()) {
      const first = trees[place - 1];
      if (!first) continue;
      const { proof } = await reader!.log.consistency(scope, first.size, second.size);
      const roots = { firstRoot: first.root, secondRoot: second.root };
      expect(verifyConsistency({ first: first.size, second: second.size, ...roots, proof: proof.map(bytes) })).toBe(
        true,
      );
    }
  });

  it('a checkpoint of a long history comes in parts, and its proofs verify', async () => {
    const one = await instance();
    const scope = newTenant();
    for (let part = 0; part < 5; part += 1) await record(one.database, scope, 1_000);
    // As long as another instance has later keys: nothing, and not again and again.
    const areCurrent = one.keys.areCurrent.bind(one.keys);
    one.keys.areCurrent = async () => false;
    await one.checkpoints.publishDue();
    await expect(one.log.checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    one.keys.areCurrent = areCurrent;
    await one.checkpoints.publishDue();
    const { size, root } = await opening(one, scope);
    expect(size).toBe(5_000);
    for (const sequence of [0, 255, 256, 4_095, 4_096, 4_999]) {
      const proof = await one.log.inclusion(scope, sequence);
      const entry = await one.log.entry(scope, sequence);
      expect(proof.leafHash).toBe(leafHash(entry).toString('hex'));
      const path = proof.proof.map(bytes);
      expect(verifyInclusion({ leafHash: leafHash(entry), index: sequence, size, root, proof: path })).toBe(true);
    }
    const early = await one.log.inclusion(scope, 70, 300);
    expect(
      verifyInclusion({
        leafHash: bytes(early.leafHash),
        index: 70,
        size: 300,
        root: bytes(early.rootHash),
        proof: early.proof.map(bytes),
      }),
    ).toBe(true);
    const alone = parseLogProof(await one.log.proof(scope, 4_321));
    const origin = `${HISTORY_HOST}/${scope.tenantId}`;
    const leaf = leafHash(await one.log.entry(scope, 4_321));
    expect(verifyLogProof(alone, leaf, origin, one.keys.verifierKeysOf(origin))).toBe(true);
  });
});

describe('what is not published', () => {
  it('what is not published has neither tile nor proof', async () => {
    const one = await instance();
    const scope = newTenant();
    await record(one.database, scope, 2);
    await one.checkpoints.publishDue();
    await record(one.database, scope);
    await expect(one.log.proof(scope, 2)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await expect(one.log.proof(scope, 3)).rejects.toThrow(withCode('NOT_FOUND'));
    await expect(one.log.inclusion(scope, 2)).rejects.toThrow(withCode('OUT_OF_RANGE'));
    await expect(one.log.inclusion(scope, 0, 3)).rejects.toThrow(withCode('OUT_OF_RANGE'));
    await expect(one.log.consistency(scope, 3)).rejects.toThrow(withCode('OUT_OF_RANGE'));
    for (const path of ['0/000.p/3', '0/000', '1/000.p/1', 'entries/000.p/3', '0/001.p/1', 'nonsense']) {
      await expect(one.log.tile(scope, path)).rejects.toThrow(withCode('NOT_FOUND'));
    }
    expect(await one.log.tile(scope, '0/000.p/1')).toHaveLength(32);
    expect(await one.log.tile(scope, '0/000.p/2')).toHaveLength(64);
    const entries = parseEntries(await one.log.tile(scope, 'entries/000.p/2'));
    expect(Buffer.concat(entries.map(leafHash))).toEqual(await one.log.tile(scope, '0/000.p/2'));
  });

  it('what another tenant has published is not found', async () => {
    const one = await instance();
    const scope = newTenant();
    await record(one.database, scope, 2);
    await one.checkpoints.publishDue();
    await expect(one.log.tile(newTenant(), '0/000.p/1')).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
  });
});

describe('a history that somebody has changed', () => {
  const SIZE = 300;

  it.each<[string, string]>([
    ['whose newest events were removed', 'DELETE FROM audit_events WHERE sequence >= 299'],
    ['whose size was set back', 'UPDATE history_sizes SET size = 290'],
    [
      'whose last tile was changed',
      `UPDATE history_tiles SET hashes = (SELECT hashes FROM (SELECT hashes FROM history_tiles WHERE place = '0/000' AND tenantId <> 'checkpoints') other) WHERE place = '0/001' AND tenantId <> 'checkpoints'`,
    ],
    ['whose tiles were removed', 'DELETE FROM history_tiles'],
    ['whose signed root was changed', `UPDATE history_heads SET root = '${'00'.repeat(32)}'`],
  ])('a history %s gets no further checkpoint', async (_name, statement) => {
    const one = await instance();
    const scope = newTenant();
    await record(one.database, scope, SIZE - 2);
    await one.checkpoints.publishDue();
    await record(one.database, scope, 2);
    await edit((plain) => plain.query(statement));
    const [failed] = await one.checkpoints.publishDue();
    expect(failed?.error ?? 'not due').toSatisfy(
      (error: unknown) => error === 'not due' || (error as { code?: string }).code === 'HISTORY_INCONSISTENT',
    );
    expect(await opening(one, scope)).toMatchObject({ size: SIZE - 2 });
    await expect(one.checkpoints.publish(scope.tenantId)).rejects.toThrow(withCode('HISTORY_INCONSISTENT'));
  });
});

describe('the file of checkpoints', () => {
  const file = async (): Promise<string> => join(await folder, uuidv7(1));

  it('the file of checkpoints has every one that was signed, and survives a line that was cut off', async () => {
    const path = await file();
    const one = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    for (const count of [2, 3]) {
      await record(one.database, scope, count);
      await one.checkpoints.publishDue();
    }
    appendFileSync(path, '"cut o');
    const again = await CheckpointFile.open(path);
    await again.refresh(one.keys.keepers);
    const origin = `${HISTORY_HOST}/${scope.tenantId}`;
    expect(again.origins()).toEqual([origin, `${HISTORY_HOST}/checkpoints`]);
    expect(openCheckpoint(again.last(origin)!.note, origin, one.keys.verifierKeysOf(origin)).size).toBe(5);
    await again.keep([again.last(origin)!.note]);
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['"hi', '"hi', '"hi', '"cu', '"hi']);
    const next = await instance(again);
    expect(await next.checkpoints.rolledBack()).toEqual([]);
  });

  it('a process that ran on signs nothing else where the database is rolled back below what another process has signed', async () => {
    const path = await file();
    const idle = await instance(await CheckpointFile.open(path));
    const signing = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    await record(signing.database, scope, 2);
    await signing.checkpoints.publishDue();
    const yesterday = await snapshotOfHistories(url());
    await record(signing.database, scope, 5);
    await signing.checkpoints.publishDue();
    await yesterday();
    expect(idle.checkpoints.isDegraded).toBe(false);
    await record(idle.database, scope, 6);
    const failed = await idle.checkpoints.publishDue();
    expect(failed.map(({ tenantId }) => tenantId)).toEqual([scope.tenantId]);
    expect(idle.checkpoints.isDegraded).toBe(true);
  });

  it('the file of checkpoints shows that the database was rolled back, and nothing else is signed then', async () => {
    const path = await file();
    const one = await instance(await CheckpointFile.open(path));
    const [scope, other] = [newTenant(), newTenant()];
    await record(one.database, scope, 2);
    await record(one.database, other, 2);
    await one.checkpoints.publishDue();
    const yesterday = await snapshotOfHistories(url());
    await record(one.database, scope, 5);
    await one.checkpoints.publishDue();
    await yesterday();
    const restored = await instance(await CheckpointFile.open(path));
    const origin = `${HISTORY_HOST}/${scope.tenantId}`;
    expect(await restored.checkpoints.rolledBack()).toEqual([origin]);
    // The history goes on another way: first shorter than what was signed, then as long, then longer.
    for (const count of [1, 4, 3]) {
      await record(restored.database, scope, count);
      await record(restored.database, other, 1);
      const failed = await restored.checkpoints.publishDue();
      expect(failed).toMatchObject([{ tenantId: scope.tenantId, error: { code: 'HISTORY_INCONSISTENT' } }]);
    }
    expect(await opening(restored, scope)).toMatchObject({ size: 2 });
    expect(await opening(restored, other)).toMatchObject({ size: 5 });
  });

  it('a line that somebody without the keys has appended hides no rollback, and neither does one of unknown keys', async () => {
    const path = await file();
    const one = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    await record(one.database, scope, 2);
    await one.checkpoints.publishDue();
    const yesterday = await snapshotOfHistories(url());
    await record(one.database, scope, 5);
    await one.checkpoints.publishDue();
    const origin = `${HISTORY_HOST}/${scope.tenantId}`;
    const text = formatCheckpoint({ origin, size: 1_000, root: Buffer.alloc(32) });
    const { signatures } = parseNote(await one.log.checkpoint(scope));
    const stranger = checkpointSigner(origin, 'ed25519', Buffer.alloc(32));
    for (const lines of [signatures, [signNote(text, stranger, 0)]]) {
      appendFileSync(path, `${JSON.stringify(formatNote({ text, signatures: lines }))}\n`);
    }
    await yesterday();
    const restored = await instance(await CheckpointFile.open(path));
    expect(await restored.checkpoints.rolledBack()).toEqual([origin]);
    expect(restored.keptLogs.newlyRejected()).toEqual([
      { name: origin, reason: 'unknown', lines: 1 },
      { name: origin, reason: 'altered', lines: 1 },
    ]);
    expect(await restored.keptLogs.unverifiable()).toEqual([]);
    await record(restored.database, scope, 7);
    const failed = await restored.checkpoints.publishDue();
    expect(failed).toMatchObject([{ tenantId: scope.tenantId, error: { code: 'HISTORY_INCONSISTENT' } }]);
  });

  it('a database that was rolled back without its keys is named: nothing that was kept can be verified', async () => {
    const path = await file();
    const one = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    await record(one.database, scope, 2);
    await one.checkpoints.publishDue();
    await edit(async (plain) => {
      for (const table of ['history_keys', 'installation_secrets']) await plain.query(`DELETE FROM ${table}`);
    });
    const restored = await instance(await CheckpointFile.open(path));
    expect(await restored.checkpoints.rolledBack()).toEqual([]);
    expect((await restored.keptLogs.unverifiable()).toSorted()).toEqual(
      [`${HISTORY_HOST}/${scope.tenantId}`, `${HISTORY_HOST}/checkpoints`].toSorted(),
    );
  });

  it('the file of checkpoints of another installation is no reason for alarm', async () => {
    const path = await file();
    const before = await instance(await CheckpointFile.open(path));
    const scope = newTenant();
    await record(before.database, scope, 3);
    await before.checkpoints.publishDue();
    const elsewhere = await createMigratedDatabase();
    const fresh = await openSignedHistory(elsewhere.url, clock, await CheckpointFile.open(path));
    await record(fresh.database, scope, 1);
    expect(await fresh.checkpoints.rolledBack()).toEqual([]);
    expect(await fresh.checkpoints.publishDue()).toEqual([]);
    // But it does not go unsaid: the database may have lost its keys.
    const reports = { name: `${HISTORY_HOST}/${scope.tenantId}`, reason: 'unknown', lines: 1 };
    expect(fresh.keptLogs.newlyRejected()).toContainEqual(reports);
    expect(fresh.keptLogs.newlyRejected()).toEqual([]);
    await fresh.database.close();
    await elsewhere.drop();
  });
});
