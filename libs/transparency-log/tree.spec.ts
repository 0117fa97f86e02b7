import { array, assert, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EMPTY_ROOT, leafHash, nodeHash } from './hashing.js';
import {
  HASH_BYTES,
  TILE_WIDTH,
  type Tile,
  GrowingTiles,
  GrowingTree,
  type Range,
  type TileContent,
  consistencyProof,
  edgeOf,
  formatEntries,
  formatTileIndex,
  inclusionProof,
  parseEntries,
  parseTilePath,
  readFromLeaves,
  readFromTiles,
  rootOf,
  subtreesOf,
  tileHash,
  verifyConsistency,
  verifyInclusion,
  widthOf,
} from './index.js';

const leaves = Array.from({ length: 70_000 }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));

/** MTH(D[n]) as RFC 6962 §2.1 defines it. */
function definedRoot(part: readonly Uint8Array[]): Uint8Array {
  if (part.length === 0) return EMPTY_ROOT;
  if (part.length === 1) return part[0]!;
  let split = 1;
  while (split * 2 < part.length) split *= 2;
  return nodeHash(definedRoot(part.slice(0, split)), definedRoot(part.slice(split)));
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

describe('a tree', () => {
  it('a tree without leaves has the hash of no bytes', async () => {
    expect(hex(await rootOf(0, readFromLeaves([])))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('a tree has the root that RFC 6962 defines, from its leaves, from its tiles, and as it grows', async () => {
    const growing = new GrowingTree();
    for (let size = 1; size <= 600; size += 1) {
      growing.append(leaves[size - 1]!);
      if (size > 70 && size % 97 !== 0 && size % 256 > 1) continue;
      const root = hex(definedRoot(leaves.slice(0, size)));
      expect(hex(growing.root())).toBe(root);
      expect(hex(await rootOf(size, readFromLeaves(leaves)))).toBe(root);
      expect(hex(await rootOf(size, readFromTiles(tilesOf(size))))).toBe(root);
    }
  });

  it('a tree has the root of the whole where some of its parts are known by the hashes of their subtrees only', async () => {
    const read = readFromLeaves(leaves);
    const root = hex(definedRoot(leaves.slice(0, 300)));
    for (const [begin, end] of [
      [0, 300],
      [1, 2],
      [77, 256],
      [299, 300],
    ] as const) {
      const growing = new GrowingTree();
      const known = async (range: Range): Promise<void> => {
        const subtrees = subtreesOf(range);
        for (const [place, hash] of (await read(subtrees)).entries()) {
          growing.appendSubtree(hash, subtrees[place]!.level);
        }
      };
      await known({ begin: 0, end: begin });
      for (const leaf of leaves.slice(begin, end)) growing.append(leaf);
      await known({ begin: end, end: 300 });
      expect(growing.size).toBe(300);
      expect(hex(growing.root())).toBe(root);
    }
    expect(() => new GrowingTree().appendSubtree(leaves[0]!, 0)).not.toThrow();
    const odd = new GrowingTree();
    odd.append(leaves[0]!);
    expect(() => odd.appendSubtree(leaves[1]!, 1)).toThrow(RangeError);
  });

  it('every inclusion proof of small trees verifies, and no changed one', async () => {
    for (let size = 1; size <= 20; size += 1) {
      const root = definedRoot(leaves.slice(0, size));
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(index, size, readFromLeaves(leaves));
        const inclusion = { leafHash: leaves[index]!, index, size, root, proof };
        expect(verifyInclusion(inclusion)).toBe(true);
        expect(verifyInclusion({ ...inclusion, leafHash: leaves[index + 1]! })).toBe(false);
        expect(verifyInclusion({ ...inclusion, index: index + 1 })).toBe(false);
        expect(verifyInclusion({ ...inclusion, root: leaves[999]! })).toBe(false);
        expect(verifyInclusion({ ...inclusion, proof: [...proof, root] })).toBe(false);
        if (proof.length > 0) expect(verifyInclusion({ ...inclusion, proof: proof.slice(1) })).toBe(false);
      }
    }
  });

  it('every consistency proof of small trees verifies, and no changed one', async () => {
    for (let second = 1; second <= 20; second += 1) {
      for (let first = 0; first <= second; first += 1) {
        const proof = await consistencyProof(first, second, readFromLeaves(leaves));
        const [firstRoot, secondRoot] = [first, second].map((size) => definedRoot(leaves.slice(0, size)));
        const consistency = { first, firstRoot: firstRoot!, second, secondRoot: secondRoot!, proof };
        expect(verifyConsistency(consistency)).toBe(first > 0);
        expect(verifyConsistency({ ...consistency, proof: [...proof, leaves[0]!] })).toBe(false);
        if (first === 0) continue;
        expect(verifyConsistency({ ...consistency, firstRoot: leaves[999]! })).toBe(false);
        expect(verifyConsistency({ ...consistency, secondRoot: leaves[999]! })).toBe(false);
        if (proof.length > 0) expect(verifyConsistency({ ...consistency, proof: proof.slice(1) })).toBe(false);
      }
    }
  });

  it('proofs of a large log are made from its tiles', async () => {
    const read = readFromTiles(tilesOf(leaves.length));
    const [first, second] = [65_537, leaves.length];
    const [firstRoot, secondRoot] = await Promise.all([rootOf(first, read), rootOf(second, read)]);
    const proof = await consistencyProof(first, second, read);
    expect(verifyConsistency({ first, firstRoot, second, secondRoot, proof })).toBe(true);
    for (const index of [0, 255, 256, 65_535, 65_536, second - 1]) {
      const path = await inclusionProof(index, second, read);
      const inclusion = { leafHash: leaves[index]!, index, size: second, root: secondRoot, proof: path };
      expect(verifyInclusion(inclusion)).toBe(true);
    }
  });

  it('proofs of what is not there are not made', async () => {
    expect(() => inclusionProof(3, 3, readFromLeaves(leaves))).toThrow(RangeError);
    expect(() => consistencyProof(4, 3, readFromLeaves(leaves))).toThrow(RangeError);
  });
});

/** Tiles as a log would serve them, no longer than its size asks. */
function tilesOf(size: number): (tiles: readonly Tile[]) => Promise<readonly Uint8Array[]> {
  const tile = ({ level, index }: Tile): Uint8Array => {
    const width = widthOf({ level, index }, size);
    const hashes = Array.from({ length: width }, (_, place) =>
      level === 0
        ? leaves[index * TILE_WIDTH + place]!
        : tileHash(tile({ level: level - 1, index: index * TILE_WIDTH + place })),
    );
    return Buffer.concat(hashes);
  };
  return async (tiles) => tiles.map(tile);
}

describe('tiles that grow', () => {
  it('tiles that grow are those that a log of that size has, from whatever size they continued', async () => {
    let edge: readonly TileContent[] = [];
    let size = 0;
    const stored = new Map<string, string>();
    for (const next of [0, 1, 3, 255, 256, 257, 511, 512, 1_000, 66_000, 66_000]) {
      const growing = new GrowingTiles(size, edge);
      for (const leaf of leaves.slice(size, next)) growing.append(leaf);
      const changed = growing.changed();
      for (const { level, index, hashes } of changed) stored.set(`${level}/${index}`, hex(hashes));
      expect(growing.size).toBe(next);
      expect(hex(await growing.root())).toBe(hex(await rootOf(next, readFromTiles(tilesOf(next)))));
      size = next;
      edge = edgeOf(next).map((tile) => ({
        ...tile,
        hashes: Buffer.from(stored.get(`${tile.level}/${tile.index}`)!, 'hex'),
      }));
    }
    expect([...stored.keys()].filter((key) => key.startsWith('1/') || key.startsWith('2/'))).toEqual([
      '1/0',
      '2/0',
      '1/1',
    ]);
    const [all] = await tilesOf(size)([{ level: 1, index: 1 }]);
    expect(stored.get('1/1')).toBe(hex(all!));
  });

  it('tiles that grow need their edge', () => {
    expect(() => new GrowingTiles(3, [])).toThrow(RangeError);
    expect(() => new GrowingTiles(3, [{ level: 0, index: 0, hashes: Buffer.alloc(64) }])).toThrow(RangeError);
  });
});

describe('tiles', () => {
  it('tiles are as wide as C2SP tlog-tiles counts in its example of 70,000 entries', () => {
    const widths = [
      [0, 272],
      [0, 273],
      [0, 274],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 0],
      [2, 1],
      [3, 0],
    ].map(([level, index]) => widthOf({ level: level!, index: index! }, 70_000));
    expect(widths).toEqual([256, 112, 0, 256, 17, 0, 1, 0, 0]);
  });

  it.each([
    [0, '000'],
    [999, '999'],
    [1_000, 'x001/000'],
    [1_234_067, 'x001/x234/067'],
  ])('tile %i has the path of its index %s', (index, path) => {
    expect(formatTileIndex(index)).toBe(path);
    expect(parseTilePath(`0/${path}`)).toEqual({ level: 0, index, width: 256 });
    expect(parseTilePath(`entries/${path}.p/7`)).toEqual({ level: 'entries', index, width: 7 });
  });

  it.each([
    '',
    '0',
    '0/1',
    '0/0001',
    '0/x000/001',
    '64/000',
    '00/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/01',
    'e/000',
  ])('a path that the format does not know is none: %j', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it('entries are read as they were written, and a bundle that is cut off is not', () => {
    assert(
      property(array(uint8Array({ maxLength: 300 })), (entries) => {
        expect(parseEntries(formatEntries(entries)).map(hex)).toEqual(entries.map(hex));
      }),
      { numRuns: 50 },
    );
    expect(() => parseEntries(formatEntries([Buffer.from('entry')]).subarray(0, 4))).toThrow(RangeError);
    expect(() => formatEntries([Buffer.alloc(65_536)])).toThrow(RangeError);
    expect(HASH_BYTES).toBe(32);
  });
});
