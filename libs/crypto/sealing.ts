import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
} from 'node:crypto';
import { Secret, defineErrors } from '#core';

export const sealingErrors = defineErrors('sealing', {
  SEALED: { kind: 'unavailable', title: 'The server is sealed: the master key is missing or wrong' },
  MASTER_KEY_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The key management service with the master key does not answer',
  },
  BLOB_UNREADABLE: { kind: 'internal', title: 'Encrypted data could not be decrypted' },
  MASTER_KEY_INVALID: { kind: 'internal', title: 'The master key cannot be used' },
});

/** A tenant's data-encryption key: 32 bytes, and the version that every blob sealed with it names. */
export interface DataKey {
  readonly version: number;
  readonly key: KeyObject | Buffer;
}

/** Where a blob belongs. It opens nowhere else: all five are authenticated (GCM's additional data). */
export interface SealingContext {
  readonly purpose: string;
  readonly tenantId: string;
  readonly recordId: string;
  readonly recordVersion: number;
  readonly column: string;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
// Always passed: without it Node accepts tags of 4 bytes, which are guessed in a few minutes.
const TAG_BYTES = 16;

// Blob: format, suite, key version (u32, big endian), nonce, ciphertext, tag.
const FORMAT = 1;
const SUITE_AES_256_GCM = 1;
const HEADER_BYTES = 6;
const OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

/** Encrypts one value of one column of one record. The nonce is random: renew the key before 2^32 blobs. */
export function sealBlob(dataKey: DataKey, context: SealingContext, plaintext: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(FORMAT, 0);
  header.writeUInt8(SUITE_AES_256_GCM, 1);
  header.writeUInt32BE(dataKey.version, 2);
  return Buffer.concat([header, encrypt(dataKey.key, additionalData(context), plaintext)]);
}

/**
 * Opens what `sealBlob` made for the same context.
 *
 * @param dataKeyOf finds the key of the version that the blob names
 * @throws BLOB_UNREADABLE for anything that is altered, cut, moved to another place or sealed by another key; so also where
 *   no key has the version that the blob names: an altered row says nothing about the keys that are available
 */
export function openBlob(
  dataKeyOf: (version: number) => DataKey | undefined,
  context: SealingContext,
  blob: Buffer,
): Buffer {
  const version = blobKeyVersion(blob);
  const dataKey = dataKeyOf(version);
  if (dataKey === undefined) throw unreadable(context);
  const plaintext = decrypt(dataKey.key, additionalData(context), blob.subarray(HEADER_BYTES));
  if (plaintext === undefined) throw unreadable(context);
  return plaintext;
}

/** The version of the data key that a blob was sealed with. @throws BLOB_UNREADABLE for what is no blob */
export function blobKeyVersion(blob: Buffer): number {
  if (blob.length < OVERHEAD_BYTES || blob[0] !== FORMAT || blob[1] !== SUITE_AES_256_GCM) {
    throw sealingErrors.BLOB_UNREADABLE('The data is not a sealed blob of a known format');
  }
  return blob.readUInt32BE(2);
}

const unreadable = ({ purpose, column, recordId }: SealingContext): Error =>
  sealingErrors.BLOB_UNREADABLE(`The ${purpose} in ${column} of ${recordId} does not open`);

/** Length-prefixed, so that no two contexts give the same bytes. */
function additionalData({ purpose, tenantId, recordId, recordVersion, column }: SealingContext): Buffer {
  return Buffer.concat(
    [purpose, tenantId, recordId, String(recordVersion), column].flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function encrypt(key: KeyObject | Buffer, authenticated: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(authenticated);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** `undefined` where the tag does not fit; nothing of the plaintext is returned then. */
function decrypt(key: KeyObject | Buffer, authenticated: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated).setAuthTag(sealed.subarray(-TAG_BYTES));
  const head = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([head, decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The key that wraps data keys. Asynchronous, so that a KMS or an HSM can implement it. */
export interface KeyEncryptionKey {
  /** Identifies the key without giving anything of it away; stored beside what it wrapped. */
  readonly keyId: string;
  wrap(dataKey: Buffer, context: Buffer): Promise<Buffer>;
  /** @throws SEALED where another key wrapped it, or the bytes or the context were altered */
  unwrap(wrapped: Buffer, context: Buffer): Promise<Buffer>;
}

/** A key-encryption key that is held in this process: from the environment or a file. */
export function localKeyEncryptionKey(secret: Secret<Buffer>): KeyEncryptionKey {
  const bytes = secret.reveal();
  if (bytes.length !== KEY_BYTES) throw wrongLength(bytes.length);
  const key = createSecretKey(bytes);
  const keyId = createHash('sha256').update('kek-id').update(bytes).digest('hex').slice(0, 16);
  return {
    keyId,
    wrap: async (dataKey, context) => encrypt(key, context, dataKey),
    unwrap: async (wrapped, context) => {
      const dataKey = decrypt(key, context, wrapped);
      if (dataKey === undefined) throw sealingErrors.SEALED(`The master key ${keyId} does not open the data key`);
      return dataKey;
    },
  };
}

/**
 * Reads a master key as an operator gives it: 32 random bytes in Base64, with blanks or a line end around it.
 *
 * @throws MASTER_KEY_INVALID that names what is wrong and never quotes the value
 */
export function parseMasterKey(base64: string): Secret<Buffer> {
  const text = base64.trim();
  if (text === '') throw sealingErrors.MASTER_KEY_INVALID('The master key is empty');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text)
    throw sealingErrors.MASTER_KEY_INVALID('The master key is not Base64 (RFC 4648 §4, with padding)');
  if (bytes.length !== KEY_BYTES) throw wrongLength(bytes.length);
  if (new Set(bytes).size < 8) throw sealingErrors.MASTER_KEY_INVALID('The master key is not random');
  return new Secret(bytes);
}

const wrongLength = (bytes: number): Error =>
  sealingErrors.MASTER_KEY_INVALID(`The master key has ${bytes} bytes; it must have ${KEY_BYTES}`);
