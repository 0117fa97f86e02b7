import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

import { backupErrors } from './errors.js';
import { type ContentFile, MANIFEST_FILE, type Manifest, parseManifest } from './manifest.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Counts and hashes the bytes that pass. */
class Measured extends Transform {
  readonly #hash = createHash('sha256');
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  get sha256(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * Makes a folder for the time of the work, and for longer where that succeeds: what was begun of a backup takes room that the disk may
 * not have.
 * @param folder must not exist yet. @throws Error where it does; whatever the work throws
 */
export async function inNewFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await mkdir(folder, { mode: FOLDER_MODE }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new Error(`${folder} exists already: a backup is a new folder`);
    throw new Error(`The folder ${folder} cannot be created: ${error.message}`, { cause: error });
  });
  try {
    const result = await work();
    for (const path of [folder, dirname(folder)]) await syncFolder(path);
    return result;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new Error(`The disk of ${folder} is full; what was begun of the backup is removed`, { cause: error });
  }
}

/** Lets the names in a folder reach the disk. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/**
 * Writes the rows, compressed and, where there are recipients, encrypted (https://age-encryption.org/v1). The manifest
 * comes last: a folder without one is no backup.
 */
export async function writeContent(
  folder: string,
  lines: AsyncIterable<string>,
  recipients: readonly string[],
): Promise<ContentFile> {
  const file = recipients.length === 0 ? 'rows.ndjson.gz' : 'rows.ndjson.gz.age';
  // Before the rows are read, so that nothing reads on where a recipient is none.
  const encrypter = recipients.length === 0 ? undefined : await encrypterTo(recipients);
  const measured = new Measured();
  const compressed = Readable.from(lines).compose(createGzip());
  const source = encrypter ? fromWeb(await encrypter.encrypt(toWeb(compressed))) : compressed;
  await pipeline(source, measured, createWriteStream(join(folder, file), { mode: FILE_MODE, flush: true }));
  return { file, bytes: measured.bytes, sha256: measured.sha256 };
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, MANIFEST_FILE);
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: FILE_MODE, flush: true });
  await rename(`${path}.new`, path);
}

/** @throws BACKUP_UNREADABLE */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) throw backupErrors.BACKUP_UNREADABLE(`${join(folder, MANIFEST_FILE)} is not there`);
  const manifest = parseManifest(text);
  if (typeof manifest === 'string') throw backupErrors.BACKUP_UNREADABLE(`${MANIFEST_FILE}: ${manifest}`);
  return manifest;
}

/** Reads the whole content once, before anything of it is used. @throws BACKUP_DAMAGED */
export async function verifyContent(folder: string, { file, bytes, sha256 }: ContentFile): Promise<void> {
  const path = join(folder, file);
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  if (size !== bytes) throw backupErrors.BACKUP_DAMAGED(`${file} has ${size ?? 'no'} bytes instead of ${bytes}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  if (hash.digest('hex') !== sha256) throw backupErrors.BACKUP_DAMAGED(`${file} has another hash`);
}

/** The lines of the content. @param identity `AGE-SECRET-KEY-1...`, for one that is encrypted. @throws BACKUP_UNREADABLE */
export async function* contentLines(
  folder: string,
  { content, recipients }: Manifest,
  identity: string | undefined,
): AsyncGenerator<string> {
  const source = createReadStream(join(folder, content.file));
  const plain = recipients.length === 0 ? source : await decrypted(source, identity);
  let rest = '';
  for await (const chunk of plain.compose(createGunzip()).setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') throw backupErrors.BACKUP_DAMAGED(`${content.file} is cut off`);
}

// Loaded where it is used: a server never needs it.
const age = () => import('age-encryption');

async function encrypterTo(recipients: readonly string[]) {
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw backupErrors.BACKUP_UNREADABLE({ detail: `${recipient} is no recipient of age (age1...)`, cause: error });
    }
  }
  return encrypter;
}

async function decrypted(sealed: Readable, identity: string | undefined): Promise<Readable> {
  if (identity === undefined) throw backupErrors.BACKUP_UNREADABLE('It is encrypted: an identity of age is needed');
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(identity.trim());
    return fromWeb(await decrypter.decrypt(toWeb(sealed)));
  } catch (error) {
    throw backupErrors.BACKUP_UNREADABLE({ detail: 'It is encrypted to another identity', cause: error });
  }
}

// Node's web streams and those of the DOM are the same objects under two names.
type DomStream = globalThis.ReadableStream<Uint8Array>;
const toWeb = (stream: Readable): DomStream => Readable.toWeb(stream) as unknown as DomStream;
const fromWeb = (stream: DomStream): Readable => Readable.fromWeb(stream as unknown as ReadableStream);
