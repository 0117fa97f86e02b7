import type { Piscina } from 'piscina';

import { coreErrors } from '#core';
import type { DecryptionTask, DerivationTask } from './legacy-crypto.worker.js';

// Next to this file, in the source as in the build.
const WORKER = new URL(`./legacy-crypto.worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
const WAITING_MAX = 64;
const IDLE_MILLISECONDS = 10_000;

let opened: Promise<Piscina> | undefined;

async function openPool(): Promise<Piscina> {
  const library = await import('piscina');
  return new library.Piscina({
    filename: WORKER.href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MILLISECONDS,
    maxQueue: WAITING_MAX,
  });
}

/**
 * Work of node-forge, whose loops would block the event loop for seconds, on a thread of its own. The thread starts with
 * the first task, and ends when there is none.
 * @throws BUSY
 */
async function run<Result>(name: 'derive' | 'decrypt', task: object): Promise<Result> {
  const pool = await (opened ??= openPool());
  if (pool.queueSize >= WAITING_MAX) throw coreErrors.BUSY({ retryAfterSeconds: 5 });
  return (await pool.run(task, { name })) as Result;
}

/** A key by one of the derivations that precede PBKDF2. The caller bounds `iterations`. @throws BUSY */
export const deriveLegacyKey = async (task: DerivationTask): Promise<Buffer> =>
  Buffer.from(await run<Uint8Array>('derive', task));

/** DES and RC2 in CBC mode, which OpenSSL no longer offers. `undefined` for a key that does not fit. @throws BUSY */
export async function decryptLegacy(task: DecryptionTask): Promise<Buffer | undefined> {
  const bytes = await run<Uint8Array | undefined>('decrypt', task);
  return bytes && Buffer.from(bytes);
}
