import { In, type View } from '#database';
import { type Tile, type TileContent, formatTileIndex, readFromTiles, rootOf } from '#transparency-log';

import { historyErrors } from './errors.js';
import { HistoryTile } from './log.entities.js';

/** The key of a tile among those of its history. */
export const placeOf = ({ level, index }: Tile): string => `${level}/${formatTileIndex(index)}`;

/** Tiles of a history, in the order in which they were asked for. @throws HISTORY_INCONSISTENT where one is missing */
export async function readTiles(view: View, tenantId: string, tiles: readonly Tile[]): Promise<TileContent[]> {
  if (tiles.length === 0) return [];
  const rows = await view.find(HistoryTile, { tenantId, place: In(tiles.map(placeOf)) });
  const byPlace = new Map(rows.map(({ place, hashes }) => [place, hashes]));
  return tiles.map((tile) => {
    const hashes = byPlace.get(placeOf(tile));
    if (!hashes) throw historyErrors.HISTORY_INCONSISTENT();
    return { ...tile, hashes };
  });
}

/** Reads hashes of complete subtrees of a history from its tiles. */
export const hashesOf = (view: View, tenantId: string) =>
  readFromTiles(async (tiles) => (await readTiles(view, tenantId, tiles)).map(({ hashes }) => hashes));

/** The root of the first `size` events, hexadecimal. */
export const rootAt = async (view: View, tenantId: string, size: number): Promise<string> =>
  Buffer.from(await rootOf(size, hashesOf(view, tenantId))).toString('hex');
