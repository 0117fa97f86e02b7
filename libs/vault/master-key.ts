import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Secret } from '#core';
import { type KeyEncryptionKey, localKeyEncryptionKey, parseMasterKey, sealingErrors } from '#crypto';

const KEY_BYTES = 32;
const OTHERS_MAY_READ = 0o077;
/** Of a copy that systemd (254 or newer) makes for a service, which may read it by an access control list: root's, for root's group. */
const LOADED_CREDENTIAL = { mode: 0o440, uid: 0, gid: 0 } as const;

/** Who may read a file. */
interface FileAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Whether a file with a secret may be read by others than its owner, and than whom systemd gives it to (`LoadCredential=`). */
export function mayOthersRead({ mode, uid, gid }: FileAccess): boolean {
  const isLoaded =
    (mode & 0o777) === LOADED_CREDENTIAL.mode && uid === LOADED_CREDENTIAL.uid && gid === LOADED_CREDENTIAL.gid;
  return (mode & OTHERS_MAY_READ) !== 0 && !isLoaded;
}

/** Where an operator keeps the master key. */
interface MasterKeySource {
  /** Base64 of 32 bytes, from the environment; wins over the file. */
  readonly value?: Secret | undefined;
  readonly file?: string | undefined;
}

/** The master key that the source holds. @throws MASTER_KEY_INVALID; ENOENT where the file is absent */
export async function readMasterKey(source: MasterKeySource): Promise<KeyEncryptionKey | undefined> {
  if (source.value) return localKeyEncryptionKey(parseMasterKey(source.value.reveal()));
  if (!source.file) return undefined;
  const found = await stat(source.file);
  if (mayOthersRead(found)) {
    throw sealingErrors.MASTER_KEY_INVALID(
      `The master key file may be read by others (mode ${(found.mode & 0o777).toString(8)}); run: chmod 600 ${source.file}`,
    );
  }
  return localKeyEncryptionKey(parseMasterKey(await readFile(source.file, 'utf8')));
}

/** Makes a master key file that only its owner can read. Never replaces one: losing a master key loses everything. */
export async function createMasterKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
