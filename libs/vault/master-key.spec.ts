import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Secret } from '#core';
import { sealingErrors } from '#crypto';

import { createMasterKeyFile, mayOthersRead, readMasterKey } from './master-key.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chancery-master-key-'));
  file = join(folder, 'new', 'master.key');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the file of the master key', () => {
  it('the file of the master key is made for its owner alone, once, and read back', async () => {
    await createMasterKeyFile(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    const key = await readMasterKey({ file });
    await expect(createMasterKeyFile(file)).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await readMasterKey({ file }))?.keyId).toBe(key?.keyId);
  });

  it.each([0o640, 0o604, 0o660, 0o644])(
    'the file of the master key is rejected where others may use it: %o',
    async (mode) => {
      await createMasterKeyFile(file);
      chmodSync(file, mode);
      await expect(readMasterKey({ file })).rejects.toThrow(`chmod 600 ${file}`);
    },
  );

  it.each([
    ['its owner', { mode: 0o100400, uid: 990, gid: 990 }, false],
    ['whom systemd gives it to', { mode: 0o100440, uid: 0, gid: 0 }, false],
    ['another group', { mode: 0o100440, uid: 0, gid: 990 }, true],
    ["the group of an owner's own", { mode: 0o100440, uid: 990, gid: 990 }, true],
    ['the group of root, who may change it', { mode: 0o100640, uid: 0, gid: 0 }, true],
    ['everybody', { mode: 0o100444, uid: 0, gid: 0 }, true],
  ])('a file with a secret that can be read by %s is checked by its mode, owner and group', (_who, access, others) => {
    expect(mayOthersRead(access)).toBe(others);
  });

  it.each([
    ['nothing', ''],
    ['31 bytes', randomBytes(31).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['no Base64', 'x'.repeat(44)],
  ])('the file of the master key is rejected where it holds %s, and is not quoted', async (_name, content) => {
    const path = join(folder, 'bad.key');
    writeFileSync(path, content, { mode: 0o600 });
    const refusal = await readMasterKey({ file: path }).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: 'MASTER_KEY_INVALID' });
    if (content !== '') expect((refusal as Error).message).not.toContain(content);
  });

  it('the value of the master key has precedence over its file, which may be absent only where none is named', async () => {
    const value = new Secret(randomBytes(32).toString('base64'));
    await createMasterKeyFile(file);
    const key = await readMasterKey({ value, file });
    expect(key?.keyId).toBe((await readMasterKey({ value }))?.keyId);
    expect(key?.keyId).not.toBe((await readMasterKey({ file }))?.keyId);
    expect(await readMasterKey({})).toBeUndefined();
    await expect(readMasterKey({ file: join(folder, 'absent') })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readMasterKey({ value: new Secret('short') })).rejects.toThrow(
      expect.objectContaining({ code: sealingErrors.MASTER_KEY_INVALID.code }),
    );
  });
});
