import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { CheckpointFile, Cosignatures, auditEntities } from '#audit';
import { DAY, ManualClock, type TenantScope, defineEvents, platformScope, systemOrigin } from '#core';
import { uuidv7 } from '#crypto';
import { Database, type View } from '#database';
import { type VerifierKey, parseNote, signersOf } from '#transparency-log';
import { vaultEntities } from '#vault';

import { createTestDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';
import { historyOf, recordEvents } from '../../support/history.js';
import { openPlainDataSource, revertMigrations } from '../../support/plain-data-source.js';
import { type SignedHistory, newTenant, originOf, signedHistories } from '../../support/signed-history.js';
import { startWitness } from '../../support/witness.js';

const YEAR = 365 * DAY;
const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const folder = mkdtemp(join(tmpdir(), 'chancery-log-keys-'));
afterAll(async () => rm(await folder, { recursive: true, force: true }));

/** A clock that may have jumped: what cannot be undone waits. */
class JumpingClock extends ManualClock {
  confirmedAt: number | undefined;

  override confirmed(): number {
    return this.confirmedAt ?? this.now();
  }
}

let clock: JumpingClock;
beforeEach(() => {
  clock = new JumpingClock();
});
const { instance, url } = signedHistories(() => clock);

async function sign({ database, checkpoints }: SignedHistory, scope: TenantScope): Promise<void> {
  await database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));
  await checkpoints.publish(scope.tenantId);
}

/** Which of the keys have signed the last checkpoint. */
async function signersIn({ log }: SignedHistory, scope: TenantScope, keys: readonly VerifierKey[]): Promise<boolean[]> {
  const signers = signersOf(parseNote(await log.checkpoint(scope)), keys);
  return keys.map((key) => signers.includes(key));
}

describe('the keys of the histories', () => {
  it('the earlier keys of the histories sign beside the new ones for 365 days, by the confirmed clock, and no longer', async () => {
    const one = await instance();
    const scope = newTenant();
    await sign(one, scope);
    await one.keys.rotate(platform);
    const keys = one.keys.verifierKeysOf(originOf(scope));
    expect(keys.map(({ type }) => type)).toEqual(['ed25519', 'mlDsa44', 'ed25519', 'mlDsa44']);
    expect(await signersIn(one, scope, keys)).toEqual([true, true, false, false]);
    await sign(one, scope);
    expect(await signersIn(one, scope, keys)).toEqual([true, true, true, true]);
    clock.advance(YEAR - 1);
    await sign(one, scope);
    expect(await signersIn(one, scope, keys)).toEqual([true, true, true, true]);
    clock.confirmedAt = clock.now();
    clock.jump(YEAR);
    await sign(one, scope);
    expect(await signersIn(one, scope, keys)).toEqual([true, true, true, true]);
    await expect(one.keys.rotate(platform)).rejects.toThrow(withCode('CLOCK_NOT_CONFIRMED'));
    clock.confirmedAt = undefined;
    await sign(one, scope);
    expect(await signersIn(one, scope, keys)).toEqual([false, false, true, true]);
  });

  it('a rotation of the keys of the histories is an event of the installation that has the new public keys', async () => {
    const one = await instance();
    await one.keys.rotate(platform);
    const { items } = await historyOf(one.database).list(platform, {}, {});
    const [, , ed25519, mlDsa44] = one.keys
      .verifierKeysOf('any.example/log')
      .map(({ publicKey }) => Buffer.from(publicKey).toString('base64'));
    expect(items).toMatchObject([
      {
        action: 'history.key_rotated',
        details: { number: 2, earlierSignsUntil: '2027-01-01T00:00:00.000Z', publicKeys: { ed25519, mlDsa44 } },
      },
    ]);
  });

  it('a compromised key of the histories stops immediately, and what it signed last is signed anew by the next one, also of a history that does not grow', async () => {
    const [one, other] = [await instance(), await instance()];
    const scope = newTenant();
    await sign(other, scope);
    const witness = await startWitness();
    const cosignatures = new Cosignatures(one.database, { all: [witness] });
    witness.trust(originOf(scope), one.keys.verifierKeysOf(originOf(scope)));
    await cosignatures.requestDue();
    // Also while a jump of the clock is not confirmed.
    clock.confirmedAt = clock.now();
    clock.jump(YEAR);
    await one.keys.compromise(platform, 1);
    const periods = one.keys.periodsOf(originOf(scope));
    expect(periods.map(({ number, signsUntil, compromisedAt }) => [number, signsUntil, compromisedAt])).toEqual([
      ...Array.from({ length: 2 }, () => [1, clock.now(), clock.now()]),
      ...Array.from({ length: 2 }, () => [2, null, null]),
    ]);
    const keys = periods.map(({ key }) => key);
    const before = parseNote(await one.log.checkpoint(scope)).text;
    await other.checkpoints.publishDue();
    expect(await signersIn(other, scope, keys)).toEqual([false, false, true, true]);
    expect(parseNote(await one.log.checkpoint(scope)).text).toBe(before);
    witness.trust(originOf(scope), keys.slice(2));
    await new Cosignatures(one.database, { all: [witness] }).requestDue();
    expect(await signersIn(one, scope, [...keys.slice(2), witness.key])).toEqual([true, true, true]);
    await sign(other, scope);
    expect(await signersIn(other, scope, keys)).toEqual([false, false, true, true]);

    await one.keys.compromise(platform, 1);
    const { items } = await historyOf(one.database).list(platform, { action: 'history.key_compromised' }, {});
    expect(items).toMatchObject([{ details: { number: 1 } }]);
    await expect(one.keys.compromise(platform, 3)).rejects.toThrow(withCode('NO_SUCH_HISTORY_KEY'));
    await witness.close();
  });

  it('a compromised key of the histories that is not the latest ends alone', async () => {
    const one = await instance();
    const scope = newTenant();
    await one.keys.rotate(platform);
    await sign(one, scope);
    await one.keys.compromise(platform, 1);
    await one.checkpoints.publishDue();
    const keys = one.keys.verifierKeysOf(originOf(scope));
    expect(await signersIn(one, scope, keys)).toEqual([false, false, true, true]);
  });

  it('an instance signs with the keys that another one has made, and knows what verifies them, without a restart', async () => {
    const [one, other] = [await instance(), await instance()];
    const scope = newTenant();
    await sign(other, scope);
    await one.keys.rotate(platform);
    await sign(other, scope);
    const keys = one.keys.verifierKeysOf(originOf(scope));
    expect(await signersIn(other, scope, keys)).toEqual([true, true, true, true]);
    expect(other.keys.verifierKeysOf(originOf(scope))).toEqual(keys);
  });

  it('an instance that has read the keys before another one rotated them stores no checkpoint without the new ones', async () => {
    const one = await instance();
    const scope = newTenant();
    const keys = await rotatedWhileSigning(one, scope);
    await expect(one.log.checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await one.checkpoints.publishDue();
    expect(await signersIn(one, scope, keys)).toEqual([true, true, true, true]);
    // Without the comparison it stores one: the negative control.
    one.keys.areCurrent = async (_view: View): Promise<boolean> => true;
    const [, , ...next] = (await rotatedWhileSigning(one, scope)).slice(2);
    expect(await signersIn(one, scope, next)).toEqual([false, false]);
  });

  it('a checkpoint that is being signed while the same instance ends its key as compromised is not stored', async () => {
    const one = await instance();
    const scope = newTenant();
    await one.database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));
    const linesOf = one.keys.linesOf.bind(one.keys);
    one.keys.linesOf = async (...given) => {
      const lines = await linesOf(...given);
      await one.keys.compromise(platform, 1);
      return lines;
    };
    await one.checkpoints.publish(scope.tenantId);
    one.keys.linesOf = linesOf;
    await expect(one.log.checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await one.checkpoints.publishDue();
    const keys = one.keys.verifierKeysOf(originOf(scope));
    expect(await signersIn(one, scope, keys)).toEqual([false, false, true, true]);
  });

  /** Another instance rotates the keys after this one has read them, and before it stores what it signs. */
  async function rotatedWhileSigning(
    { database, keys, checkpoints }: SignedHistory,
    scope: TenantScope,
  ): Promise<VerifierKey[]> {
    const other = await instance();
    await database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));
    const refresh = keys.refresh.bind(keys);
    keys.refresh = async () => {
      const isThere = await refresh();
      await other.keys.rotate(platform);
      return isThere;
    };
    await checkpoints.publish(scope.tenantId);
    keys.refresh = refresh;
    return other.keys.verifierKeysOf(originOf(scope));
  }

  it('rotations of two instances at one time leave one latest key of each algorithm, and a fifth pair in a year is rejected', async () => {
    const [one, other] = [await instance(), await instance()];
    const ended = await Promise.allSettled([one.keys.rotate(platform), other.keys.rotate(platform)]);
    expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    await Promise.all([one.keys.refresh(), other.keys.refresh()]);
    const known = one.keys.periodsOf('log');
    expect(other.keys.periodsOf('log')).toEqual(known);
    expect(known.filter(({ signsUntil }) => signsUntil === null)).toHaveLength(2);
    while (one.keys.periodsOf('log').length < 8) await one.keys.rotate(platform);
    await expect(one.keys.rotate(platform)).rejects.toThrow(withCode('TOO_MANY_HISTORY_KEYS'));
    clock.advance(YEAR);
    await one.keys.rotate(platform);
  });

  it('a database from before a rotation is recognised by the file of checkpoints, and continues by the next rotation', async () => {
    const file = await CheckpointFile.open(join(await folder, uuidv7(1)));
    const one = await instance(file);
    const [scope, longer] = [newTenant(), newTenant()];
    for (const each of [scope, longer]) await sign(one, each);
    await one.keys.rotate(platform);
    await sign(one, longer);
    await sign(one, scope);
    const plain = await openPlainDataSource(url());
    // What a backup from before has of one of them, and of the keys.
    await plain.query('DELETE FROM history_keys WHERE number = 2');
    await plain.query('UPDATE history_keys SET signsUntil = NULL');
    await plain.query("DELETE FROM installation_secrets WHERE name = 'history-log-key-2'");
    await plain.query(`DELETE FROM audit_events WHERE tenantId = '${scope.tenantId}' AND sequence = 1`);
    await plain.query(`UPDATE history_sizes SET size = 1, publishedSize = NULL WHERE tenantId = '${scope.tenantId}'`);
    for (const table of ['history_tiles WHERE tenantId', 'history_heads WHERE id']) {
      await plain.query(`DELETE FROM ${table} = '${scope.tenantId}'`);
    }
    await plain.destroy();
    const restored = await instance(file);
    expect(await restored.checkpoints.rolledBack()).toEqual([originOf(scope)]);
    await expect(restored.checkpoints.publish(scope.tenantId)).rejects.toThrow(withCode('HISTORY_INCONSISTENT'));
    expect(restored.keptLogs.signedByLaterKeys().toSorted()).toEqual([scope, longer].map(originOf).toSorted());
    await restored.keys.rotate(platform);
    await sign(restored, longer);
    expect(restored.keptLogs.signedByLaterKeys()).toEqual([originOf(scope)]);
    const keys = restored.keys.verifierKeysOf(originOf(longer));
    expect(await signersIn(restored, longer, keys)).toEqual([true, true, true, true]);
  });

  it('an installation from before rotations keeps its key, which signs since it was made', async () => {
    const empty = await createTestDatabase();
    const entities = [...auditEntities, ...vaultEntities];
    const database = await Database.open({ url: empty.url, entities, clock, recorder: recordEvents });
    await database.migrate();
    const keys = entities.find(({ name }) => name === 'HistoryKey')!;
    await revertMigrations(empty.url, async () => !(await database.hasTable(keys)));
    const plain = await openPlainDataSource(empty.url);
    await plain.query(
      "INSERT INTO installation_secrets (name, sealedValue, createdAt) VALUES ('history-log-key', 'x', 41)",
    );
    await database.migrate();
    const rows = await plain.query<Record<string, unknown>[]>('SELECT * FROM history_keys');
    expect(rows.map((row) => Object.values(row).map(String))).toEqual([
      ['history-log-key', '1', '41', ...Array.from({ length: 5 }, () => 'null')],
    ]);
    await plain.destroy();
    await database.close();
    await empty.drop();
  });
});
