import { HASH_BYTES } from '#log-verifier';

import { nodeHash } from './hashing.js';
import type { ReadHashes, Subtree } from './tree.js';

/** Hashes of a full tile, and how many levels of the tree it spans (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
/** An entry in a bundle follows its length in two bytes. */
const ENTRY_BYTES_MAX = 65_535;
const LEVEL_MAX = 63;

/** A tile of hashes: hash `i` of it is that of the subtree `{ level: 8 * level, index: index * 256 + i }`. */
export interface Tile {
  readonly level: number;
  readonly index: number;
}

/** What a path below `tile/` names: hashes of a level or entries, whole or the first `width` of them. */
interface TilePath {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** How many hashes a tile has in a log of `size` entries: 0 where there is none yet. */
export function widthOf({ level, index }: Tile, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** `1234067` -> `x001/x234/067` */
export function formatTileIndex(index: number): string {
  const groups = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1_000)) {
    groups.unshift(String(rest % 1_000).padStart(3, '0'));
  }
  return groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** `0/x001/234.p/17` -> level 0, index 1234, width 17; `undefined` for what the format does not know. */
export function parseTilePath(path: string): TilePath | undefined {
  const match = /^(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (!match) return undefined;
  const [, first, digits, partial] = match;
  const level = first === 'entries' ? first : Number(first);
  const index = Number(digits!.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if ((level !== 'entries' && level > LEVEL_MAX) || width > TILE_WIDTH) return undefined;
  // A partial tile has less than all, and an index is written in one way only.
  if (partial !== undefined && width === TILE_WIDTH) return undefined;
  return formatTileIndex(index) === digits ? { level, index, width } : undefined;
}

/** The tile that holds a subtree, or from whose hashes it is computed, and which of them. */
function placeOf({ level, index }: Subtree): { tile: Tile; from: number; to: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const width = 2 ** (level % TILE_HEIGHT);
  const from = index * width;
  const tile = { level: tileLevel, index: Math.floor(from / TILE_WIDTH) };
  return { tile, from: from % TILE_WIDTH, to: (from % TILE_WIDTH) + width };
}

/** The root of a complete subtree whose lowest hashes are given, a power of two of them. */
function folded(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, pair) => nodeHash(row[pair * 2]!, row[pair * 2 + 1]!));
  }
  return row[0]!;
}

/** Hash `place` of a tile. @throws RangeError where the tile is too short */
export function hashAt(tile: Uint8Array, place: number): Uint8Array {
  if ((place + 1) * HASH_BYTES > tile.length) throw new RangeError('The tile does not have that hash');
  return tile.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
}

/** The hash of a full tile: what the tile above it has in its place. */
export const tileHash = (tile: Uint8Array): Uint8Array =>
  folded(Array.from({ length: TILE_WIDTH }, (_, place) => hashAt(tile, place)));

/** Reads the hashes of subtrees from tiles; each tile is asked for once. */
export const readFromTiles =
  (readTiles: (tiles: readonly Tile[]) => Promise<readonly Uint8Array[]>): ReadHashes =>
  async (subtrees) => {
    const places = subtrees.map(placeOf);
    const keyOf = ({ level, index }: Tile): string => `${level}/${index}`;
    const wanted = new Map(places.map(({ tile }) => [keyOf(tile), tile]));
    const contents = await readTiles([...wanted.values()]);
    const byKey = new Map([...wanted.keys()].map((key, place) => [key, contents[place]!]));
    return places.map(({ tile, from, to }) => {
      const content = byKey.get(keyOf(tile))!;
      return folded(Array.from({ length: to - from }, (_, place) => hashAt(content, from + place)));
    });
  };

/** Entries one by one, each behind its length in two bytes. @throws RangeError for one that is too long */
export function formatEntries(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > ENTRY_BYTES_MAX) throw new RangeError('An entry has more than 65,535 bytes');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/** The reverse of `formatEntries`. @throws RangeError where the last entry is cut off */
export function parseEntries(bundle: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const length = bytes.readUInt16BE(from);
    if (from + 2 + length > bytes.length) throw new RangeError('The last entry of the bundle is cut off');
    entries.push(bytes.subarray(from + 2, from + 2 + length));
    from += 2 + length;
  }
  return entries;
}
