import { EMPTY_ROOT, nodeHash } from './hashing.js';

/** Leaves `[begin, end)` of a log. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A complete subtree: the `2^level` leaves from `index * 2^level` on. A leaf is a subtree of level 0. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** Answers the hashes of complete subtrees, in the order in which they were asked for. */
export type ReadHashes = (subtrees: readonly Subtree[]) => Promise<readonly Uint8Array[]>;

/** The largest power of two that is smaller than `size`, which is at least 2. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** The largest complete subtrees that a range consists of, from left to right. */
export function subtreesOf({ begin, end }: Range): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let from = begin; from < end;) {
    let level = 0;
    while (from % 2 ** (level + 1) === 0 && from + 2 ** (level + 1) <= end) level += 1;
    subtrees.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return subtrees;
}

/** The hash of a range from the hashes of its complete subtrees (RFC 6962 §2.1). */
export const joined = (hashes: readonly Uint8Array[]): Uint8Array =>
  hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));

/** PATH(index, D[0:size]) of RFC 6962 §2.1.1: the ranges whose hashes prove that a leaf is in a tree, the nearest first. */
function inclusionRanges(index: number, size: number): Range[] {
  if (index < 0 || index >= size) throw new RangeError('The leaf is not in the tree');
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + split(end - begin);
    if (index < middle) {
      ranges.unshift({ begin: middle, end });
      end = middle;
    } else {
      ranges.unshift({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges;
}

/** PROOF(first, D[0:second]) of RFC 6962 §2.1.2: the ranges whose hashes prove that one tree is the beginning of another. */
function consistencyRanges(first: number, second: number): Range[] {
  if (first < 0 || first > second) throw new RangeError('The first tree is larger than the second');
  // Every tree continues the empty one and is itself: there is nothing to prove.
  if (first === 0 || first === second) return [];
  const ranges: Range[] = [];
  let [begin, end] = [0, second];
  while (end !== first) {
    const middle = begin + split(end - begin);
    if (first <= middle) {
      ranges.unshift({ begin: middle, end });
      end = middle;
    } else {
      ranges.unshift({ begin, end: middle });
      begin = middle;
    }
  }
  // What is left is a subtree of both trees. Where it is the whole first tree, its hash is known to who verifies.
  return begin === 0 ? ranges : [{ begin, end }, ...ranges];
}

/** The hashes of ranges, all read at one time. */
async function hashesOf(ranges: readonly Range[], read: ReadHashes): Promise<Uint8Array[]> {
  const parts = ranges.map(subtreesOf);
  const hashes = await read(parts.flat());
  let next = 0;
  return parts.map(({ length }) => joined(hashes.slice(next, (next += length))));
}

/** The root of the first `size` leaves. */
export async function rootOf(size: number, read: ReadHashes): Promise<Uint8Array> {
  return (await hashesOf([{ begin: 0, end: size }], read))[0]!;
}

/** The proof that the leaf is in the tree of the first `size` leaves: RFC 6962 §2.1.1. @throws RangeError where it is not */
export const inclusionProof = (index: number, size: number, read: ReadHashes): Promise<Uint8Array[]> =>
  hashesOf(inclusionRanges(index, size), read);

/** The proof that the tree of `second` leaves continues that of `first`: RFC 6962 §2.1.2. @throws RangeError */
export const consistencyProof = (first: number, second: number, read: ReadHashes): Promise<Uint8Array[]> =>
  hashesOf(consistencyRanges(first, second), read);

/** Reads the hashes of subtrees from the leaf hashes of a whole log: for logs that fit into memory. */
export const readFromLeaves =
  (leaves: readonly Uint8Array[]): ReadHashes =>
  async (subtrees) => {
    const hashOf = ({ level, index }: Subtree): Uint8Array =>
      level === 0
        ? leaves[index]!
        : nodeHash(hashOf({ level: level - 1, index: index * 2 }), hashOf({ level: level - 1, index: index * 2 + 1 }));
    return subtrees.map(hashOf);
  };

/** Computes the root of a log whose leaves come one by one; it keeps one hash for each power of two. */
export class GrowingTree {
  readonly #stack: { readonly hash: Uint8Array; readonly level: number }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    this.appendSubtree(leaf, 0);
  }

  /** Appends `2^level` leaves of which only the hash of their subtree is known; the size is a multiple of that number. */
  appendSubtree(hash: Uint8Array, level: number): void {
    if (this.#size % 2 ** level !== 0) throw new RangeError('No subtree of that level begins there');
    this.#size += 2 ** level;
    let node = { hash, level };
    while (this.#stack.at(-1)?.level === node.level) {
      node = { hash: nodeHash(this.#stack.pop()!.hash, node.hash), level: node.level + 1 };
    }
    this.#stack.push(node);
  }

  root(): Uint8Array {
    return joined(this.#stack.map(({ hash }) => hash));
  }
}
