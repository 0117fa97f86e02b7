import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { CheckpointFile, type CheckpointMemory, ErasedMonths } from '#audit';
import {
  DAY,
  INSTALLATION_ID,
  MINUTE,
  ManualClock,
  type TenantScope,
  defineEvents,
  platformScope,
  systemOrigin,
} from '#core';
import { uuidv7 } from '#crypto';
import { type VerifierKey, openCheckpoint, parseNote, signersOf } from '#transparency-log';

import { withCode } from '../../support/errors.js';
import { historyOf } from '../../support/history.js';
import { snapshotOfHistories } from '../../support/history-snapshot.js';
import { openPlainDataSource, revertMigrations } from '../../support/plain-data-source.js';
import {
  HISTORY_HOST,
  type SignedHistory,
  newTenant,
  originOf,
  signedHistories,
} from '../../support/signed-history.js';
import { type TransitKeys, transitKeys } from '../../support/transit-keys.js';

const YEAR = 365 * DAY;
const AWAY = { timeout: 30_000, interval: 200 };
const keyEvents = defineEvents('key', { used: '' });
const platform = platformScope(systemOrigin('test'));
const folder = mkdtemp(join(tmpdir(), 'chancery-stored-log-keys-'));
const file = async (): Promise<CheckpointFile> => CheckpointFile.open(join(await folder, uuidv7(1)));

let engine: TransitKeys;
let clock: ManualClock;
const { instance, url } = signedHistories(() => clock);
beforeAll(async () => {
  engine = await transitKeys();
});
beforeEach(() => {
  clock = new ManualClock();
  engine.keys.clear();
  engine.fail = false;
});
afterAll(async () => {
  await engine.close();
  await rm(await folder, { recursive: true, force: true });
});

const withStore = (memory?: CheckpointMemory, environment = {}): Promise<SignedHistory> =>
  instance(memory, { CHANCERY_KEY_STORES: `bao=${engine.uri}`, ...environment });

const record = ({ database }: SignedHistory, scope: TenantScope): Promise<void> =>
  database.transaction(scope, async (tx) => tx.record(keyEvents.used('key')));

async function sign(history: SignedHistory, scope: TenantScope): Promise<void> {
  await record(history, scope);
  await history.checkpoints.publish(scope.tenantId);
}

/** Which of the keys have signed the last checkpoint: of each pair the Ed25519 key, then the ML-DSA-44 key. */
async function signersIn({ log, keys }: SignedHistory, scope: TenantScope): Promise<boolean[]> {
  const known = keys.verifierKeysOf(originOf(scope));
  const signers = signersOf(parseNote(await log.checkpoint(scope)), known);
  return known.map((key) => signers.includes(key));
}

const sizeOf = async ({ log, keys }: SignedHistory, scope: TenantScope): Promise<number> =>
  openCheckpoint(await log.checkpoint(scope), originOf(scope), keys.verifierKeysOf(originOf(scope))).size;

/** Changes rows as somebody does who has the database and not the server. */
async function edit(work: (plain: DataSource) => Promise<unknown>): Promise<void> {
  const plain = await openPlainDataSource(url());
  await work(plain);
  await plain.destroy();
}

describe('a key of the histories in a key store', () => {
  it('the key of the histories is rotated into a key store and back, and both sign for a year, on every instance', async () => {
    const [one, other] = [await withStore(), await withStore()];
    const scope = newTenant();
    await sign(other, scope);
    await one.keys.rotate(platform, 'bao');
    await sign(other, scope);
    expect(await signersIn(other, scope)).toEqual([true, true, true, true]);
    const [name, ...more] = engine.keys.keys();
    expect([name, more]).toEqual([expect.stringContaining(`chancery-${INSTALLATION_ID}-`), []]);
    const published = engine.keys.get(name!)!.publicKey.export({ format: 'jwk' }).x;
    const [, , inStore] = one.keys.periodsOf('log');
    expect(Buffer.from(inStore!.key.publicKey).toString('base64url')).toBe(published);
    expect(one.keys.periodsOf('log').map(({ keyStore }) => keyStore)).toEqual([null, null, 'bao', null]);
    // Where no store is named, the next one is where the latest is.
    await one.keys.rotate(platform);
    expect(engine.keys.size).toBe(2);
    await one.keys.rotate(platform, null);
    await sign(other, scope);
    expect(await signersIn(other, scope)).toEqual(Array.from({ length: 8 }, () => true));
    const { items } = await historyOf(one.database).list(platform, { action: 'history.key_rotated' }, {});
    expect(items.map(({ details }) => (details as { keyStore?: unknown }).keyStore)).toEqual([null, 'bao', 'bao']);
    // They are destroyed in their store when they sign no more, and the next checkpoint does without.
    clock.advance(YEAR);
    const destroyed = Array.from(engine.keys.keys());
    engine.keys.clear();
    await sign(other, scope);
    expect(await signersIn(other, scope)).toEqual([...Array.from({ length: 6 }, () => false), true, true]);
    await edit(async (plain) => {
      const rows = await plain.query<{ id: string; destroyAt: unknown }[]>(
        'SELECT id, destroyAt FROM key_store_objects',
      );
      expect(rows.map(({ destroyAt }) => Number(destroyAt))).toEqual([clock.now(), clock.now()]);
      expect(rows.map(({ id }) => `chancery-${INSTALLATION_ID}-${id}`).toSorted()).toEqual(destroyed.toSorted());
    });
  });

  it('while the key store of the latest key is away no history is signed, nothing else fails, and it continues by itself', async () => {
    const one = await withStore();
    await one.keys.rotate(platform, 'bao');
    const [scope, another] = [newTenant(), newTenant()];
    await sign(one, scope);
    engine.fail = true;
    for (const each of [scope, another]) await record(one, each);
    // One failure tells of all.
    expect(await one.checkpoints.publishDue()).toMatchObject([{ error: { code: 'KEY_STORE_UNAVAILABLE' } }]);
    expect([one.checkpoints.isDegraded, await sizeOf(one, scope)]).toEqual([true, 1]);
    engine.fail = false;
    await expect.poll(() => one.checkpoints.publishDue(), AWAY).toEqual([]);
    expect([one.checkpoints.isDegraded, await sizeOf(one, scope), await sizeOf(one, another)]).toEqual([false, 2, 1]);
  });

  it('an earlier key whose key store was lost is left out, and its ML-DSA-44 key signs on', async () => {
    const one = await withStore();
    const scope = newTenant();
    await one.keys.rotate(platform, 'bao');
    await sign(one, scope);
    // A database that was restored where there is no such store: no checkpoint before the next rotation.
    const elsewhere = await instance();
    await record(elsewhere, scope);
    expect(await elsewhere.checkpoints.publishDue()).toMatchObject([{ error: { code: 'KEY_STORE_UNAVAILABLE' } }]);
    expect(await elsewhere.keys.inStores()).toEqual([
      { number: 2, keyStore: 'bao', isLatest: true, state: 'not configured' },
    ]);
    await expect(elsewhere.keys.rotate(platform)).rejects.toThrow(withCode('KEY_STORE_UNKNOWN'));
    await elsewhere.keys.rotate(platform, null);
    expect(await elsewhere.checkpoints.publishDue()).toEqual([]);
    expect(await signersIn(elsewhere, scope)).toEqual([true, true, false, true, true, true]);
    // Where the store is there, and the key is not.
    engine.keys.clear();
    await sign(one, scope);
    expect(await signersIn(one, scope)).toEqual([true, true, false, true, true, true]);
    expect(await one.keys.inStores()).toMatchObject([{ number: 2, isLatest: false, state: 'missing' }]);
  });

  it('a compromised key in a key store is destroyed there; its successor is sealed where the store does not answer', async () => {
    const one = await withStore();
    const scope = newTenant();
    await one.keys.rotate(platform, 'bao');
    await sign(one, scope);
    engine.fail = true;
    await expect(one.keys.compromise(platform, 2, 'bao')).rejects.toThrow(withCode('KEY_STORE_UNAVAILABLE'));
    await one.keys.compromise(platform, 2);
    expect(await one.checkpoints.publishDue()).toEqual([]);
    engine.fail = false;
    expect(await signersIn(one, scope)).toEqual([true, true, false, false, true, true]);
    await edit(async (plain) => {
      const [row] = await plain.query<{ destroyAt: unknown }[]>('SELECT destroyAt FROM key_store_objects');
      expect(Number(row!.destroyAt)).toBe(clock.now());
    });
  });

  it('a row that names another key verifies nothing and has nothing signed', async () => {
    const one = await withStore();
    const scope = newTenant();
    await one.keys.rotate(platform, 'bao');
    await one.keys.rotate(platform, 'bao');
    await sign(one, scope);
    const known = one.keys.verifierKeysOf('log');
    const rows = 'SELECT name, objectId, sealedPart FROM history_keys WHERE number > 1 ORDER BY number';
    const altered = async (set: (second: Record<string, unknown>, third: Record<string, unknown>) => object) => {
      let before: Record<string, unknown> = {};
      await edit(async (plain) => {
        const [second, third] = await plain.query<Record<string, unknown>[]>(rows);
        before = third!;
        await update(plain, set(second!, third!));
      });
      const fresh = await withStore();
      await record(fresh, scope);
      await fresh.checkpoints.publishDue();
      const found = [fresh.keys.verifierKeysOf('log'), await sizeOf(one, scope)] as const;
      await edit((plain) =>
        update(plain, { keyStore: 'bao', objectId: before['objectId'], sealedPart: before['sealedPart'] }),
      );
      await one.checkpoints.publishDue();
      return found;
    };
    const update = async (plain: DataSource, values: object): Promise<unknown> =>
      plain.query(
        `UPDATE history_keys SET ${Object.keys(values)
          .map((column) => `${column} = ?`)
          .join(', ')} WHERE number = 3`,
        Object.values(values),
      );
    // The sealed part of another row, none, and a row that claims to be sealed: the key is not known any more.
    for (const set of [
      (second: Record<string, unknown>) => ({ sealedPart: second['sealedPart'] }),
      () => ({ sealedPart: null }),
      () => ({ keyStore: null, objectId: null }),
    ]) {
      const size = await sizeOf(one, scope);
      expect(await altered(set)).toEqual([known.slice(0, 4), size]);
    }
    // Another key of the store: what it signs does not verify.
    const size = await sizeOf(one, scope);
    expect(await altered((second) => ({ objectId: second['objectId'] }))).toEqual([known, size]);
  });

  it('the first key of the histories is made in the key store of the setting, as soon as it answers', async () => {
    const setting = { CHANCERY_HISTORY_KEY_STORE: 'bao' };
    engine.fail = true;
    const one = await withStore(undefined, setting);
    const scope = newTenant();
    await record(one, scope);
    expect(await one.checkpoints.publishDue()).toMatchObject([{ error: { code: 'KEY_STORE_UNAVAILABLE' } }]);
    expect([one.keys.areKnown, one.checkpoints.isDegraded]).toEqual([false, true]);
    engine.fail = false;
    await expect.poll(() => one.checkpoints.publishDue(), AWAY).toEqual([]);
    const both = await Promise.all([withStore(undefined, setting), withStore(undefined, setting)]);
    for (const each of both) expect(each.keys.periodsOf('log')).toEqual(one.keys.periodsOf('log'));
    expect(one.keys.periodsOf('log').map(({ number, keyStore }) => [number, keyStore])).toEqual([
      [1, 'bao'],
      [1, null],
    ]);
    expect(await signersIn(one, scope)).toEqual([true, true]);
  });

  it('what is kept outside of the database is recognised by keys that wait for no store, and by the published one', async () => {
    const memory = await file();
    const one = await withStore(memory, { CHANCERY_HISTORY_KEY_STORE: 'bao' });
    const scope = newTenant();
    await sign(one, scope);
    const origin = originOf(scope);
    const kept = (keys: readonly VerifierKey[]): number => openCheckpoint(memory.last(origin)!.note, origin, keys).size;
    expect([kept(one.keys.verifierKeysOf(origin)), kept(one.keys.keepers.keysOf(origin).slice(-1))]).toEqual([1, 1]);
    expect(one.keptLogs.signedByLaterKeys()).toEqual([]);
    await one.keys.rotate(platform, null);
    clock.advance(YEAR);
    engine.keys.clear();
    await sign(one, scope);
    // By a database from before the rotation.
    await edit(async (plain) => {
      await plain.query('DELETE FROM history_keys WHERE number = 2');
      await plain.query('UPDATE history_keys SET signsUntil = NULL');
    });
    const restored = await withStore(memory);
    expect(restored.keptLogs.signedByLaterKeys()).toEqual([origin]);
    expect(await restored.checkpoints.rolledBack()).toEqual([]);
    await edit((plain) => plain.query(`DELETE FROM history_heads WHERE id = '${scope.tenantId}'`));
    expect(await restored.checkpoints.rolledBack()).toEqual([origin]);
    // An erasure is kept while the store is away.
    engine.fail = true;
    const erased = new ErasedMonths(restored.database, restored.keys, { host: () => HISTORY_HOST, memory });
    await edit((plain) =>
      plain.query(
        `INSERT INTO history_months (id, tenantId, month, endsAt, createdAt, erasedAt) VALUES ('${uuidv7(1)}', '${scope.tenantId}', '2025-12', 1, 1, ${clock.now()})`,
      ),
    );
    expect(await erased.keepErased()).toBe(1);
    expect(
      await new ErasedMonths(restored.database, restored.keys, { host: () => HISTORY_HOST, memory }).keepErased(),
    ).toBe(0);
    engine.fail = false;
  });

  it('nothing is stored that a key in a store signed while another process signed on, or while a key was found to be compromised', async () => {
    const memory = await file();
    const one = await withStore(memory);
    const other = await withStore(memory);
    const scope = newTenant();
    await one.keys.rotate(platform, 'bao');
    const linesOf = one.keys.linesOf.bind(one.keys);
    /** Has something happen while the store signs. */
    const meanwhile = (work: () => Promise<unknown>): void => {
      one.keys.linesOf = async (...given) => {
        const lines = await linesOf(...given);
        one.keys.linesOf = linesOf;
        await work();
        return lines;
      };
    };
    await record(one, scope);
    meanwhile(async () => {
      await sign(other, scope);
      // The database is put back to before that: only the file has it.
      await edit(async (plain) => {
        for (const table of ['history_tiles WHERE tenantId', 'history_heads WHERE id']) {
          await plain.query(`DELETE FROM ${table} = '${scope.tenantId}'`);
        }
        await plain.query(`DELETE FROM audit_events WHERE tenantId = '${scope.tenantId}' AND sequence = 1`);
        await plain.query(
          `UPDATE history_sizes SET size = 1, publishedSize = NULL WHERE tenantId = '${scope.tenantId}'`,
        );
      });
    });
    await one.checkpoints.publish(scope.tenantId);
    await expect(one.log.checkpoint(scope)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));

    const another = newTenant();
    await record(one, another);
    meanwhile(() => other.keys.compromise(platform, 1));
    await one.checkpoints.publish(another.tenantId);
    await expect(one.log.checkpoint(another)).rejects.toThrow(withCode('CHECKPOINT_PENDING'));
    await one.checkpoints.publish(another.tenantId);
    expect(await signersIn(one, another)).toEqual([false, false, true, true]);
  });

  it('a history that is restored while the key store of the key of the histories is away gets its new name, and is signed when it answers', async () => {
    const path = join(await folder, uuidv7(1));
    const reopened = async (): Promise<SignedHistory> => withStore(await CheckpointFile.open(path));
    const before = await reopened();
    await before.keys.rotate(platform, 'bao');
    const scope = newTenant();
    await record(before, scope);
    const backup = await snapshotOfHistories(url());
    await sign(before, scope);
    await backup();
    clock.advance(MINUTE);
    const restoredAt = clock.now();

    engine.fail = true;
    const one = await reopened();
    await one.keptLogs.onRestored({ restoredAt });
    expect(await one.keptLogs.ended()).toContainEqual(expect.objectContaining({ origin: originOf(scope) }));
    engine.fail = false;
    await expect.poll(() => one.checkpoints.publishDue(), AWAY).toEqual([]);
    expect(await one.log.checkpoint(scope)).toContain(`restored-${restoredAt}/${scope.tenantId}`);
  });

  it('a schema of before keys in key stores has the latest of the others sign again', async () => {
    const one = await withStore();
    await one.keys.rotate(platform, null);
    await one.keys.rotate(platform, 'bao');
    await edit(async (plain) => {
      const hasStores = (): Promise<boolean> =>
        plain.query('SELECT keyStore FROM history_keys').then(
          () => true,
          () => false,
        );
      await revertMigrations(url(), async () => !(await hasStores()));
      const keys = await plain.query<object[]>(
        'SELECT number, signsUntil IS NULL AS latest FROM history_keys ORDER BY number',
      );
      expect(keys.map((row) => Object.values(row).map(Number))).toEqual([
        [1, 0],
        [2, 1],
      ]);
    });
    await one.database.migrate();
    expect(await (await withStore()).keys.inStores()).toEqual([]);
  });
});
