import { coreErrors } from '#core';
import type { View } from '#database';
import { HASH_BYTES, TILE_WIDTH, consistencyProof, formatEntries, parseTilePath, widthOf } from '#transparency-log';

import { readAtBorder, requireRetained } from './history-border.js';
import { historyErrors } from './errors.js';
import { entriesOf } from './log-entries.js';
import { HistoryHead } from './log.entities.js';
import { hashesOf, readTiles, rootAt } from './stored-tiles.js';

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly fromRootHash: string;
  readonly toRootHash: string;
  /** RFC 6962 §2.1.2. */
  readonly proof: string[];
}

/** The last checkpoint of a log that was signed. @throws CHECKPOINT_PENDING before the first */
export async function headOf(view: View, logId: string): Promise<HistoryHead> {
  const head = await view.findOne(HistoryHead, { id: logId });
  if (!head) throw historyErrors.CHECKPOINT_PENDING({ retryAfterSeconds: 1 });
  return head;
}

/**
 * A tile of hashes or a bundle of entries of a published log.
 * @param path what follows `tile/`: `0/x001/234.p/17`, `entries/000`
 * @throws NOT_FOUND for what the format does not know, and for more than the checkpoint covers; HISTORY_ERASED for a bundle
 *   below the minimum index of the log (C2SP tlog-tiles, Pruning), of which the hashes are still served
 */
export async function tileOf(view: View, logId: string, path: string): Promise<Buffer> {
  const wanted = parseTilePath(path);
  if (!wanted) throw coreErrors.NOT_FOUND();
  const { level, index, width } = wanted;
  const { size } = await headOf(view, logId);
  const tile = { level: level === 'entries' ? 0 : level, index };
  if (width > widthOf(tile, size)) throw coreErrors.NOT_FOUND();
  if (level !== 'entries') {
    const [content] = await readTiles(view, logId, [tile]);
    return Buffer.from(content!.hashes.subarray(0, width * HASH_BYTES));
  }
  const first = index * TILE_WIDTH;
  return readAtBorder(view, logId, async (erased) => {
    requireRetained(erased, first);
    const entries = await entriesOf(view, logId, first, first + width);
    if (entries.length !== width) throw historyErrors.HISTORY_INCONSISTENT();
    return formatEntries(entries.map(({ canonical }) => Buffer.from(canonical)));
  });
}

/** The proof that the first `from` entries of a log are the beginning of the first `to`. @throws OUT_OF_RANGE, CHECKPOINT_PENDING */
export async function consistencyOf(view: View, logId: string, from: number, to?: number): Promise<ConsistencyProof> {
  const head = await headOf(view, logId);
  const size = to ?? head.size;
  if (size > head.size || from > size) throw historyErrors.OUT_OF_RANGE();
  const proof = await consistencyProof(from, size, hashesOf(view, logId));
  return {
    from,
    to: size,
    fromRootHash: await rootAt(view, logId, from),
    toRootHash: await rootAt(view, logId, size),
    proof: proof.map(hex),
  };
}

export const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');
