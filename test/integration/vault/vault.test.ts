import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Secret, platformScope, systemOrigin } from '#core';
import { localKeyEncryptionKey, uuidv7 } from '#crypto';
import { tenantEntities } from '#tenants';
import { Vault, vaultEntities } from '#vault';

import { type OpenTestDatabase, openTestDatabase } from '../../support/database.js';

const platform = platformScope(systemOrigin('test'));

describe('the vault', () => {
  let opened: OpenTestDatabase;
  const masterKey = localKeyEncryptionKey(new Secret(randomBytes(32)));

  beforeAll(async () => {
    opened = await openTestDatabase([...vaultEntities, ...tenantEntities]);
  });
  afterAll(() => opened.drop());

  it('opens a new database and the same one again', async () => {
    expect(await new Vault(opened.database).unseal([masterKey])).toBe(true);
    expect(await new Vault(opened.database).unseal([masterKey])).toBe(true);
  });

  it('stays sealed under another master key and says so to everyone', async () => {
    const vault = new Vault(opened.database);
    expect(await vault.unseal([localKeyEncryptionKey(new Secret(randomBytes(32)))])).toBe(false);
    expect(vault.sealed).toBe(true);
    await expect(opened.database.platform(platform, (tx) => vault.createDataKey(tx, uuidv7(tx.now)))).rejects.toThrow(
      expect.objectContaining({ code: 'SEALED' }),
    );
  });

  it('opens a value only in the place that it was sealed for', async () => {
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
        await expect(vault.open(view, { ...place, ...other }, blob)).rejects.toThrow(
          expect.objectContaining({ code: 'BLOB_UNREADABLE' }),
        );
      }
    });
  });

  it('makes an installation secret once, also when two ask at the same time', async () => {
    const vaults = [new Vault(opened.database), new Vault(opened.database)];
    for (const vault of vaults) await vault.unseal([masterKey]);
    const values = await Promise.all(
      vaults.map((vault) => vault.ensureInstallationSecret('race', () => randomBytes(32))),
    );
    expect(values[0]!.equals(values[1]!)).toBe(true);
  });
});
