import { TILE_WIDTH, type Tile, hashAt, readFromTiles, tileHash, widthOf } from './tiles.js';
import { rootOf } from './tree.js';

/** A tile as it is stored. */
export interface TileContent extends Tile {
  readonly hashes: Uint8Array;
}

/** The incomplete tiles at the right edge of a log: what is needed to continue with it. */
export function edgeOf(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0, count = size; count > 0; level += 1, count = Math.floor(count / TILE_WIDTH)) {
    if (count % TILE_WIDTH > 0) tiles.push({ level, index: Math.floor(count / TILE_WIDTH) });
  }
  return tiles;
}

/** Extends the tiles of a log leaf by leaf. */
export class GrowingTiles {
  /** For each level, how many hashes it has, and those of its incomplete tile. */
  readonly #levels: { count: number; edge: Uint8Array[] }[] = [];
  /** By the hashes of the tile. */
  readonly #changed = new Map<readonly Uint8Array[], Tile>();
  #size: number;

  /**
   * @param size how many leaves the log has
   * @param edge the tiles that `edgeOf(size)` names, at least as wide as the size demands
   * @throws RangeError where one of them is missing or too short
   */
  constructor(size: number, edge: readonly TileContent[]) {
    this.#size = size;
    for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) {
      this.#levels.push({ count, edge: [] });
    }
    for (const tile of edgeOf(size)) {
      const content = edge.find(({ level, index }) => level === tile.level && index === tile.index);
      if (!content) throw new RangeError(`Tile ${tile.level}/${tile.index} is missing`);
      const hashes = Array.from({ length: widthOf(tile, size) }, (_, place) => hashAt(content.hashes, place));
      this.#levels[tile.level]!.edge = hashes;
    }
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    this.put(0, leafHash);
    this.#size += 1;
  }

  /** The root of the log as it is now. */
  root(): Promise<Uint8Array> {
    const edges = this.#levels.map(({ edge }) => Buffer.concat(edge));
    return rootOf(
      this.#size,
      readFromTiles(async (tiles) => tiles.map(({ level }) => edges[level]!)),
    );
  }

  /** Every tile that has grown, as it is now. */
  changed(): TileContent[] {
    return [...this.#changed].map(([edge, tile]) => ({ ...tile, hashes: Buffer.concat(edge) }));
  }

  private put(level: number, hash: Uint8Array): void {
    const row = (this.#levels[level] ??= { count: 0, edge: [] });
    if (!this.#changed.has(row.edge)) {
      this.#changed.set(row.edge, { level, index: Math.floor(row.count / TILE_WIDTH) });
    }
    row.count += 1;
    row.edge.push(hash);
    if (row.edge.length < TILE_WIDTH) return;
    const full = Buffer.concat(row.edge);
    row.edge = [];
    this.put(level + 1, tileHash(full));
  }
}
