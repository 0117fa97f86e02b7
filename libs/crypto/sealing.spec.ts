import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '#core';
import { blobKeyVersion, localKeyEncryptionKey, openBlob, parseMasterKey, sealBlob } from './sealing.js';

const context = { purpose: 'p', tenantId: 't', recordId: 'r', recordVersion: 1, column: 'c' };
const code = (name: string) => expect.objectContaining({ code: name });

describe('blobs', () => {
  const bytes = randomBytes(32);

  it('a sealed blob has the documented layout', () => {
    const blob = sealBlob({ version: 0x01020304, key: bytes }, context, Buffer.from('abc'));
    expect(blob.subarray(0, 6).toString('hex')).toBe('010101020304');
    expect(blob).toHaveLength(6 + 12 + 3 + 16);
    expect(blobKeyVersion(blob)).toBe(0x01020304);
  });

  it('a blob is sealed with a key in bytes or a KeyObject, and can hold nothing', () => {
    const blob = sealBlob({ version: 1, key: bytes }, context, Buffer.alloc(0));
    expect(openBlob((version) => ({ version, key: createSecretKey(bytes) }), context, blob)).toHaveLength(0);
  });

  it('a blob that names a version that no key has is not read', () => {
    const blob = sealBlob({ version: 9, key: bytes }, context, Buffer.from('abc'));
    expect(() => openBlob(() => undefined, context, blob)).toThrow(code('BLOB_UNREADABLE'));
  });

  it('a blob in an unknown format or suite is not read', () => {
    const blob = sealBlob({ version: 1, key: bytes }, context, Buffer.from('abc'));
    for (const [offset, value] of [
      [0, 2],
      [1, 2],
    ] as const) {
      const other = Buffer.from(blob);
      other[offset] = value;
      expect(() => blobKeyVersion(other)).toThrow(code('BLOB_UNREADABLE'));
    }
  });
});

describe('localKeyEncryptionKey', () => {
  const master = randomBytes(32);
  const key = localKeyEncryptionKey(new Secret(master));
  const dataKey = randomBytes(32);
  const here = Buffer.from('tenant 1');

  it('localKeyEncryptionKey unwraps what it wrapped, in the same context', async () => {
    expect(await key.unwrap(await key.wrap(dataKey, here), here)).toEqual(dataKey);
  });

  it('localKeyEncryptionKey rejects another context, another master key, cut and altered bytes', async () => {
    const wrapped = await key.wrap(dataKey, here);
    const altered = Buffer.from(wrapped);
    altered[20]! ^= 1;
    await expect(key.unwrap(wrapped, Buffer.from('tenant 2'))).rejects.toThrow(code('SEALED'));
    await expect(localKeyEncryptionKey(new Secret(randomBytes(32))).unwrap(wrapped, here)).rejects.toThrow(
      code('SEALED'),
    );
    await expect(key.unwrap(altered, here)).rejects.toThrow(code('SEALED'));
    for (const length of [0, 12, 27, wrapped.length - 1]) {
      await expect(key.unwrap(wrapped.subarray(0, length), here)).rejects.toThrow(code('SEALED'));
    }
  });

  it('localKeyEncryptionKey is named by the first 8 bytes of a hash', () => {
    const expected = createHash('sha256').update(Buffer.concat([Buffer.from('kek-id'), master]));
    expect(key.keyId).toBe(expected.digest().subarray(0, 8).toString('hex'));
  });

  it('localKeyEncryptionKey has 32 bytes and no others', () => {
    expect(() => localKeyEncryptionKey(new Secret(randomBytes(16)))).toThrow('has 16 bytes; it must have 32');
  });
});

describe('parseMasterKey', () => {
  it('parseMasterKey reads 32 bytes of Base64, with blanks around', () => {
    const bytes = randomBytes(32);
    expect(parseMasterKey(`  ${bytes.toString('base64')}\n`).reveal()).toEqual(bytes);
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['correct horse battery staple', 'is not Base64'],
    [randomBytes(32).toString('hex').replace(/^../, '!!'), 'is not Base64'],
    [Buffer.alloc(32, 0xff).toString('base64url'), 'is not Base64'],
    [Buffer.alloc(32, 'abcdefgh').toString('base64').replace('=', ''), 'is not Base64'],
    [randomBytes(16).toString('base64'), 'has 16 bytes'],
    [randomBytes(64).toString('base64'), 'has 64 bytes'],
    [Buffer.alloc(32).toString('base64'), 'is not random'],
  ])('parseMasterKey says what is wrong with %j and does not quote it', (text, message) => {
    expect(() => parseMasterKey(text)).toThrow(message);
    if (text.trim() !== '') expect(() => parseMasterKey(text)).not.toThrow(text);
  });
});
