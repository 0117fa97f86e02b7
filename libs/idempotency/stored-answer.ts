import { promisify } from 'node:util';
import { constants, gunzip, gzip } from 'node:zlib';

import { coreErrors } from '#core';

/** A longer one is compressed. */
const PLAIN_BYTES_MAX = 65_000;
/**
 * What is stored at most: more than any request of ours can have answered, and little enough for any server to take it in one packet. The same
 * on SQLite, whose backups are restored elsewhere, too.
 */
export const ANSWER_BYTES_MAX = 1_000_000;
/** More than any request can have answered. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;
/** RFC 1952; an answer that is stored as it is, is JSON and begins otherwise. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * What is stored of an answer: the answer itself, compressed where it is long. The headers of many tokens are alike.
 * @throws PAYLOAD_TOO_LARGE where it is too long even so
 */
export async function packAnswer(answer: Buffer): Promise<Buffer> {
  if (answer.length <= PLAIN_BYTES_MAX) return answer;
  const packed = await promisify(gzip)(answer, { level: constants.Z_BEST_SPEED });
  if (packed.length <= ANSWER_BYTES_MAX) return packed;
  throw coreErrors.PAYLOAD_TOO_LARGE(
    'The answer is too large to be stored for an Idempotency-Key: send smaller requests, or no key',
  );
}

/** The answer that was stored. */
export async function unpackAnswer(stored: Buffer): Promise<Buffer> {
  const isPacked = stored.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
  return isPacked ? promisify(gunzip)(stored, { maxOutputLength: UNPACKED_BYTES_MAX }) : stored;
}
