import { randomBytes, randomFillSync, randomUUID } from 'node:crypto';
import { Secret, uuidv7Source } from '#core';

// One system call per 256 ids instead of one per id.
const pool = Buffer.alloc(2_560);
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

/** A UUIDv4 (RFC 9562 §5.4): 122 random bits, and nothing of the time it was made. */
export const uuidv4 = (): string => randomUUID();

/** Fresh secret bytes. */
export const randomSecret = (bytes: number): Secret<Buffer> => new Secret(randomBytes(bytes));
