import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import 'reflect-metadata';
import { getMetadataArgsStorage } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { INSTALLATION_ID, ManualClock, MINUTE, Secret, platformScope, systemOrigin } from '#core';
import { type KeyEncryptionKey, localKeyEncryptionKey, uuidv7 } from '#crypto';
import { Database } from '#database';
import { KeyMaintenance, Vault, openKms, openPkcs11, sealedColumnsOf } from '#vault';

import { type OpenTestDatabase, openTestDatabase } from '../../support/database.js';
import { entities } from '../../support/entities.js';
import { withCode } from '../../support/errors.js';
import { awsEnvironment, awsKms, googleKms, transitEngine } from '../../support/key-services.js';
import { createToken, softHsm } from '../../support/token.js';
import { openPlainDataSource } from '../../support/plain-data-source.js';
import { recordEvents } from '../../support/history.js';

const SCOPE = platformScope(systemOrigin('test'));
const TENANTS = [uuidv7(1), uuidv7(2), uuidv7(3)];
const VALUE = Buffer.from('a secret of the tenant');
const randomKey = (): string => randomBytes(32).toString('base64');
const local = (base64 = randomKey()): KeyEncryptionKey =>
  localKeyEncryptionKey(new Secret(Buffer.from(base64, 'base64')));

const folder = mkdtempSync(join(tmpdir(), 'chancery-kms-'));
const TRANSIT_TOKEN = 's.transit';
const [aws, google, transit] = await Promise.all([awsKms(), googleKms(folder), transitEngine(TRANSIT_TOKEN)]);
vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', google.credentialsFile);
for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
afterAll(async () => {
  await Promise.all([aws, google, transit].map((service) => service.close()));
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Every kind of master key: how to make a fresh one. */
const tokens = softHsm === undefined ? [] : ['one', 'two', 'three', 'four', 'five'].map(createToken);
const PROVIDERS: readonly (readonly [string, () => Promise<KeyEncryptionKey>])[] = [
  ['held by the process', async () => local()],
  ['of AWS KMS', () => openKms(aws.createKey(), aws)],
  ['of Google Cloud KMS', () => openKms(google.createKey(), google)],
  ['of a transit engine', () => openKms(transit.createKey(), { transitToken: new Secret(TRANSIT_TOKEN) })],
  ...(tokens.length > 0
    ? [['on a PKCS#11 token', () => openPkcs11(tokens.shift()!, { createMissingKey: true })] as const]
    : []),
];

const sealedColumns = sealedColumnsOf(entities);
const answers = sealedColumns.find(({ column }) => column === 'sealedAnswer')!;

interface Sealed {
  readonly opened: OpenTestDatabase;
  readonly clock: ManualClock;
  readonly vault: Vault;
  readonly maintenance: KeyMaintenance;
  readonly recordIds: Readonly<Record<string, string>>;
}

/** A database with one sealed value in each tenant. */
async function sealSome(masterKey: KeyEncryptionKey, tenants = TENANTS): Promise<Sealed> {
  const clock = new ManualClock();
  const opened = await openTestDatabase(withoutHistory, { clock });
  const vault = new Vault(opened.database);
  await vault.unseal([masterKey]);
  const recordIds: Record<string, string> = {};
  for (const tenantId of tenants) {
    const id = uuidv7(4);
    recordIds[tenantId] = id;
    await opened.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('test');
      await vault.createDataKey(tx, tenantId);
      const sealedAnswer = await vault.seal(tx, answers.place(tenantId, id), VALUE);
      const hashes = { keyHash: id, payloadHash: '' };
      const times = { createdAt: 0, expiresAt: 0 };
      await tx.insert(answers.entity, {
        id,
        tenantId,
        actorId: id,
        ...hashes,
        state: 'running',
        sealedAnswer,
        ...times,
      });
    });
  }
  return { opened, clock, vault, maintenance: new KeyMaintenance(opened.database, vault), recordIds };
}

const withoutHistory = entities.filter(({ name }) => name !== 'AuditEvent');

/** Another instance on the same database, with these master keys. */
async function instance({ opened, clock }: Sealed, ...masterKeys: KeyEncryptionKey[]) {
  const { url } = opened;
  const database = await Database.open({ url, entities, clock, recorder: recordEvents });
  const vault = new Vault(database);
  const isOpen = await vault.unseal(masterKeys);
  return { database, vault, isOpen, maintenance: new KeyMaintenance(database, vault) };
}

/** How many values do not open with these master keys. */
async function unreadable(sealed: Sealed, ...masterKeys: KeyEncryptionKey[]): Promise<number> {
  const { database, maintenance, isOpen } = await instance(sealed, ...masterKeys);
  try {
    if (!isOpen) return TENANTS.length;
    const found = await Promise.all(TENANTS.map((tenantId) => maintenance.unreadable(SCOPE, tenantId)));
    return found.flat().length;
  } finally {
    await database.close();
  }
}

describe.each(PROVIDERS)('a master key %s', (place, makeKey) => {
  let key: KeyEncryptionKey;
  let sealed: Sealed;
  beforeAll(async () => {
    key = await makeKey();
    sealed = await sealSome(key);
  });
  afterAll(() => sealed.opened.drop());

  it(`a master key ${place} wraps and unwraps, in its own context only, and rejects what was altered`, async () => {
    const context = Buffer.from('data-key:one:1');
    const wrapped = await key.wrap(VALUE, context);
    expect(wrapped.includes(VALUE)).toBe(false);
    expect((await key.unwrap(wrapped, context)).equals(VALUE)).toBe(true);
    const altered = Buffer.from(wrapped);
    altered[14]! ^= 1;
    for (const [bytes, place] of [
      [wrapped, Buffer.from('data-key:two:1')],
      [altered, context],
      [wrapped.subarray(0, -1), context],
      [Buffer.alloc(0), context],
    ] as const) {
      await expect(key.unwrap(bytes, place)).rejects.toThrow(withCode('SEALED'));
    }
    expect((await key.unwrap(wrapped, context)).equals(VALUE)).toBe(true);
  });

  it(`a master key ${place} opens everything; without it nothing opens`, async () => {
    expect(await unreadable(sealed, key)).toBe(0);
    expect(await unreadable(sealed, local())).toBe(TENANTS.length);
    expect(await unreadable(sealed)).toBe(TENANTS.length);
  });

  it(`a master key ${place} takes over from one that the process held, and hands over to the next`, async () => {
    const former = local();
    const next = await makeKey();
    const other = await sealSome(former);
    for (const [current, previous] of [
      [key, former],
      [next, key],
    ] as const) {
      const { maintenance, database } = await instance(other, current, previous);
      expect(await maintenance.rewrap(SCOPE)).toEqual({ rewrapped: 4, left: 0, missingKeyIds: [] });
      expect(await maintenance.rewrap(SCOPE)).toEqual({ rewrapped: 0, left: 0, missingKeyIds: [] });
      await database.close();
      expect(await unreadable(other, current)).toBe(0);
      expect(await unreadable(other, previous)).toBe(TENANTS.length);
    }
    await other.opened.drop();
  });
});

describe('re-wrapping', () => {
  it('re-wrapping by two processes at the same time wraps each data key once', async () => {
    const [former, current] = [local(), local()];
    const sealed = await sealSome(former);
    const instances = [await instance(sealed, current, former), await instance(sealed, current, former)];
    const results = await Promise.all(instances.map(({ maintenance }) => maintenance.rewrap(SCOPE)));
    expect(results.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(4);
    for (const { database } of instances) await database.close();
    expect(await unreadable(sealed, current)).toBe(0);
    await sealed.opened.drop();
  });

  it('re-wrapping says what is left where a key is missing, and leaves it as it is', async () => {
    const [former, lost, current] = [local(), local(), local()];
    const sealed = await sealSome(former);
    const [first] = TENANTS;
    const half = await instance(sealed, lost, former);
    await half.maintenance.rewrap(SCOPE);
    await half.database.close();
    const wrong = await instance(sealed, current, former);
    expect(wrong.isOpen).toBe(false);
    await wrong.database.close();
    const right = await instance(sealed, current, lost);
    const id = uuidv7(5);
    await right.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('test');
      await right.vault.createDataKey(tx, id);
    });
    await right.database.close();
    const onlyCurrent = await instance(sealed, lost, former);
    expect(await onlyCurrent.maintenance.rewrap(SCOPE)).toEqual({
      rewrapped: 0,
      left: 1,
      missingKeyIds: [current.keyId],
    });
    expect(await onlyCurrent.maintenance.unreadable(SCOPE, first!)).toEqual([]);
    await onlyCurrent.database.close();
    await sealed.opened.drop();
  });

  it('re-wrapping that is killed at any step loses nothing, and is finished by the next run', async () => {
    const [one, two] = [randomKey(), randomKey()];
    const sealed = await sealSome(local(one), TENANTS.slice(0, 1));
    const script = join(import.meta.dirname, '../../support/kill-rewrap.mjs');
    let keys = [two, one] as const;
    let killed = 0;
    // Two data keys, each: unwrap, wrap, before the change, before its commit, after it. Then one run to the end.
    for (let step = 1; step <= 11; step += 1) {
      const child = spawnSync(process.execPath, [script, sealed.opened.url, ...keys, String(step)], {
        encoding: 'utf8',
      });
      if (child.signal === 'SIGKILL') killed += 1;
      else expect([child.stderr, child.stdout]).toEqual(['', '0\n']);
      const [current, previous] = keys.map(local) as [KeyEncryptionKey, KeyEncryptionKey];
      expect(await unreadable(sealed, current, previous)).toBe(0);
      const { maintenance, database } = await instance(sealed, current, previous);
      expect((await maintenance.rewrap(SCOPE)).left).toBe(0);
      await database.close();
      expect(await unreadable(sealed, current)).toBe(0);
      // The next round goes the other way.
      keys = [keys[1], keys[0]];
    }
    expect(killed).toBe(10);
    await sealed.opened.drop();
  });
});

describe('a new data key', () => {
  it('a new data key seals everything anew; the earlier one is destroyed once no instance can use it', async () => {
    const key = local();
    const sealed = await sealSome(key);
    const { clock, maintenance } = sealed;
    const [tenantId] = TENANTS as [string];
    expect(await maintenance.rotateDataKey(SCOPE, tenantId)).toEqual({ resealed: 1, unreadable: 0, kept: 1 });
    expect(await maintenance.rotateDataKey(SCOPE, tenantId)).toEqual({ resealed: 0, unreadable: 0, kept: 1 });
    expect(await unreadable(sealed, key)).toBe(0);
    clock.advance(5 * MINUTE);
    expect(await maintenance.rotateDataKey(SCOPE, tenantId)).toEqual({ resealed: 0, unreadable: 0, kept: 0 });
    expect(await unreadable(sealed, key)).toBe(0);
    expect((await maintenance.rotateDataKey(SCOPE, tenantId)).resealed).toBe(1);
    expect((await maintenance.rotateDataKey(SCOPE, INSTALLATION_ID)).resealed).toBe(1);
    await sealed.opened.drop();
  });

  it('a new data key is created once by two processes at the same time', async () => {
    const key = local();
    const sealed = await sealSome(key);
    const instances = [await instance(sealed, key), await instance(sealed, key)];
    const [tenantId] = TENANTS as [string];
    const results = await Promise.all(instances.map(({ maintenance }) => maintenance.rotateDataKey(SCOPE, tenantId)));
    expect(results.map(({ kept, unreadable: bad }) => [kept, bad])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    for (const { database } of instances) await database.close();
    expect(await unreadable(sealed, key)).toBe(0);
    await sealed.opened.drop();
  });
});

describe('a sealed value', () => {
  it.each([
    ['moved to another row', (blobs: Buffer[]) => blobs[1]!],
    ['truncated', (blobs: Buffer[]) => blobs[0]!.subarray(0, -1)],
    ['cut to nothing', () => Buffer.alloc(3)],
    ['altered', (blobs: Buffer[]) => Buffer.from(blobs[0]!.map((byte, index) => (index === 20 ? byte ^ 1 : byte)))],
  ])('a sealed value that was %s is rejected and reported', async (_, damage) => {
    const key = local();
    const sealed = await sealSome(key);
    const [tenantId] = TENANTS as [string];
    const plain = await openPlainDataSource(sealed.opened.url);
    const rows = await plain.query<{ sealedAnswer: Buffer }[]>(
      'SELECT sealedAnswer FROM idempotency_records ORDER BY id',
    );
    const id = sealed.recordIds[tenantId]!;
    const blobs = rows.map(({ sealedAnswer }) => sealedAnswer);
    await plain.query('UPDATE idempotency_records SET sealedAnswer = ? WHERE id = ?', [damage(blobs), id]);
    await plain.destroy();
    expect(await sealed.maintenance.unreadable(SCOPE, tenantId)).toEqual([
      expect.objectContaining({ table: 'IdempotencyRecord', column: 'sealedAnswer', recordId: id, tenantId }),
    ]);
    expect(await sealed.maintenance.rotateDataKey(SCOPE, tenantId)).toMatchObject({ unreadable: 1, kept: 1 });
    await sealed.opened.drop();
  });

  it('a sealed value of a tenant whose data keys were destroyed opens on no instance', async () => {
    const key = local();
    const sealed = await sealSome(key);
    const [tenantId] = TENANTS as [string];
    const other = await instance(sealed, key);
    expect(await other.maintenance.unreadable(SCOPE, tenantId)).toEqual([]);
    await sealed.opened.database.platform(SCOPE, async (tx) => {
      tx.housekeeping('test');
      await sealed.vault.destroyDataKeys(tx, tenantId);
    });
    expect(await sealed.maintenance.unreadable(SCOPE, tenantId)).toHaveLength(1);
    sealed.clock.advance(MINUTE);
    expect(await other.maintenance.unreadable(SCOPE, tenantId)).toHaveLength(1);
    await other.database.close();
    await sealed.opened.drop();
  });

  it('a sealed value is in a column that is declared, so that nothing is forgotten', async () => {
    const blobs = getMetadataArgsStorage().columns.filter(({ options }) => options.type === 'blob');
    const ours = blobs.filter(({ target }) => (entities as readonly unknown[]).includes(target));
    const columns = ours.map(({ target, propertyName }) => `${(target as { name: string }).name}.${propertyName}`);
    const declared = sealedColumns.map(({ entity, column }) => `${entity.name}.${column}`);
    // Wrapped by the master key, sealed by the key of a month, published, and carried forward of events that any auditor
    // reads: none is sealed under a data key.
    expect(columns.filter((name) => !declared.includes(name))).toEqual([
      'WrappedDataKey.wrapped',
      'AuditEvent.personal',
      'HistoryTile.hashes',
      'HistoryState.content',
      'CrlPart.content',
    ]);
  });
});
