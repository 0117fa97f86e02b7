import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Secret, platformScope, systemOrigin } from '#core';
import { localKeyEncryptionKey, uuidv7 } from '#crypto';
import type { EntityClass, Tx } from '#database';
import { tenantEntities } from '#tenants';
import { Vault, vaultEntities } from '#vault';

import { type OpenTestDatabase, openTestDatabase } from '../../support/database.js';
import { withCode } from '../../support/errors.js';

const platform = platformScope(systemOrigin('test'));

describe('the vault', () => {
  let opened: OpenTestDatabase;
  const masterKey = localKeyEncryptionKey(new Secret(randomBytes(32)));

  beforeAll(async () => {
    opened = await openTestDatabase([...vaultEntities, ...tenantEntities]);
  });
  afterAll(() => opened.drop());

  it('the vault opens a new database and the same one again', async () => {
    expect(await new Vault(opened.database).unseal([masterKey])).toBe(true);
    expect(await new Vault(opened.database).unseal([masterKey])).toBe(true);
  });

  it('the vault stays sealed under another master key and says so', async () => {
    const vault = new Vault(opened.database);
    expect(await vault.unseal([localKeyEncryptionKey(new Secret(randomBytes(32)))])).toBe(false);
    expect(vault.sealed).toBe(true);
    await expect(opened.database.platform(platform, (tx) => vault.createDataKey(tx, uuidv7(tx.now)))).rejects.toThrow(
      withCode('SEALED'),
    );
  });

  it('the vault writes nothing where it stays sealed', async () => {
    const vault = new Vault(opened.database);
    const rows = (): Promise<number[]> =>
      opened.database.readPlatform(platform, (view) =>
        Promise.all(vaultEntities.map(async (entity) => (await view.find(entity)).length)),
      );
    const before = await rows();
    for (const keys of [[], [localKeyEncryptionKey(new Secret(randomBytes(32)))]]) {
      expect(await vault.unseal(keys)).toBe(false);
    }
    expect(await rows()).toEqual(before);
  });

  it('the vault is created once when several instances start on an empty database at the same time', async () => {
    const empty = await openTestDatabase(vaultEntities);
    const vaults = Array.from({ length: 5 }, () => new Vault(empty.database));
    expect(await Promise.all(vaults.map((vault) => vault.unseal([masterKey])))).toEqual(Array(5).fill(true));
    const secrets = await Promise.all(
      vaults.map((vault) => vault.ensureInstallationSecret('s', () => randomBytes(32))),
    );
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
    expect(await new Vault(empty.database).unseal([masterKey])).toBe(true);
    await empty.drop();
  });

  it('the vault is completed where the first start was cut off, by the right master key only', async () => {
    const empty = await openTestDatabase(vaultEntities);
    await new Vault(empty.database).unseal([masterKey]);
    const [, InstallationSecret] = vaultEntities;
    await empty.database.platform(platform, async (tx) => {
      tx.housekeeping('test');
      await tx.delete(InstallationSecret as EntityClass<{ name: string }>, { name: 'canary' });
    });
    const wrong = localKeyEncryptionKey(new Secret(randomBytes(32)));
    expect(await new Vault(empty.database).unseal([wrong])).toBe(false);
    expect(await empty.database.readPlatform(platform, (view) => view.find(InstallationSecret!))).toEqual([]);
    expect(await new Vault(empty.database).unseal([masterKey])).toBe(true);
    await empty.drop();
  });

  it('the vault keeps the data key of a tenant that has one, and opens nothing once it is destroyed', async () => {
    const vault = new Vault(opened.database);
    await vault.unseal([masterKey]);
    const tenantId = uuidv7(3);
    const place = { tenantId, purpose: 'test', recordId: 'one', column: 'secret' };
    const working = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
      opened.database.platform(platform, async (tx) => {
        tx.housekeeping('test');
        return work(tx);
      });
    await working((tx) => vault.createDataKey(tx, tenantId));
    const blob = await working((tx) => vault.seal(tx, place, Buffer.from('value')));
    await working((tx) => vault.createDataKey(tx, tenantId));
    const reopened = new Vault(opened.database);
    await reopened.unseal([masterKey]);
    expect((await working((tx) => reopened.open(tx, place, blob))).toString()).toBe('value');
    await working((tx) => vault.destroyDataKeys(tx, tenantId));
    await expect(working((tx) => vault.open(tx, place, blob))).rejects.toThrow(withCode('SEALED'));
  });

  it('the vault seals nothing by a data key that was taken back with its transaction', async () => {
    const vault = new Vault(opened.database);
    await vault.unseal([masterKey]);
    const tenantId = uuidv7(2);
    const place = { tenantId, purpose: 'test', column: 'value', recordId: 'record' };
    const value = Buffer.from('a secret of the tenant');
    const inTransaction = (work: (tx: Tx) => Promise<Buffer>): Promise<Buffer> =>
      opened.database.platform(platform, async (tx) => {
        tx.housekeeping('test');
        return work(tx);
      });
    await inTransaction(async (tx) => {
      await vault.createDataKey(tx, tenantId);
      return vault.seal(tx, place, value);
    });
    const failing = inTransaction(async (tx) => {
      await vault.addDataKey(tx, tenantId, 2);
      await vault.seal(tx, place, value);
      throw new Error('taken back');
    });
    await expect(failing).rejects.toThrow('taken back');
    const blob = await inTransaction((tx) => vault.seal(tx, place, value));
    const restarted = new Vault(opened.database);
    await restarted.unseal([masterKey]);
    const opens = opened.database.readPlatform(platform, (view) => restarted.open(view, place, blob));
    await expect(opens).resolves.toEqual(value);
  });

  it('the vault opens a value only in the place that it was sealed for', async () => {
    const vault = new Vault(opened.database);
    await vault.unseal([masterKey]);
    const tenants = [uuidv7(1), uuidv7(2)] as const;
    await opened.database.platform(platform, async (tx) => {
      tx.housekeeping('test');
      for (const tenantId of tenants) await vault.createDataKey(tx, tenantId);
    });
    const place = { tenantId: tenants[0], purpose: 'test', recordId: 'one', column: 'secret' };
    await opened.database.readPlatform(platform, async (view) => {
      const blob = await vault.seal(view, place, Buffer.from('value'));
      expect((await vault.open(view, place, blob)).toString()).toBe('value');
      for (const other of [{ recordId: 'two' }, { column: 'other' }, { purpose: 'x' }, { tenantId: tenants[1] }]) {
        await expect(vault.open(view, { ...place, ...other }, blob)).rejects.toThrow(withCode('BLOB_UNREADABLE'));
      }
    });
  });

  it('the vault makes an installation secret once, also when two ask at the same time', async () => {
    const vaults = [new Vault(opened.database), new Vault(opened.database)];
    for (const vault of vaults) await vault.unseal([masterKey]);
    const values = await Promise.all(
      vaults.map((vault) => vault.ensureInstallationSecret('race', () => randomBytes(32))),
    );
    expect(values[0]!.equals(values[1]!)).toBe(true);
  });
});
