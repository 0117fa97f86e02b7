import { randomBytes, randomFillSync, randomUUID } from 'node:crypto';
import { type EpochMilliseconds, Secret, uuidv7Source } from '#core';

// One call of OpenSSL per some hundred ids instead of one per id.
const pool = Buffer.alloc(8_192);
let used = pool.length;

/** Random bytes that are taken once and never seen again. Valid until the next call: for ids, not for keys. */
function pooledRandomBytes(length: number): Buffer {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

/** A UUIDv7 (RFC 9562 §5.7) for the instant `now`, in epoch milliseconds; rises strictly within the process. */
export const uuidv7 = uuidv7Source(pooledRandomBytes);

/** Another series of UUIDv7, for ids that are made by another clock than those of rows. */
export const uuidv7Series = (): ((now: EpochMilliseconds) => string) => uuidv7Source(pooledRandomBytes);

/** A UUIDv4 (RFC 9562 §5.4): 122 random bits, and nothing of the time it was made. */
export const uuidv4 = (): string => randomUUID();

/** Random bytes in hexadecimal, so that what is hashed with them cannot be guessed; no key. @param bytes up to 64 */
export const randomSalt = (bytes: number): string => pooledRandomBytes(bytes).toString('hex');

/** Random bytes that are used immediately and are public afterwards: a nonce. Valid until the next random bytes are taken. */
export const randomNonce = (bytes: number): Buffer => pooledRandomBytes(bytes);

/** Fresh secret bytes. */
export const randomSecret = (bytes: number): Secret<Buffer> => new Secret(randomBytes(bytes));
