import { sameBytes } from './bytes.js';
import { HASH_BYTES } from './checkpoint.js';

/** SHA-256(0x01 || left || right): RFC 6962 §2.1. */
type NodeHash = (left: Uint8Array, right: Uint8Array) => Uint8Array;

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isPowerOfTwo = (value: number): boolean => {
  let rest = value;
  while (rest > 1 && !isOdd(rest)) rest /= 2;
  return rest === 1;
};
const areHashes = (...hashes: readonly Uint8Array[]): boolean => hashes.every(({ length }) => length === HASH_BYTES);
const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

export interface Inclusion {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** Whether the proof shows that the leaf is in the tree with that root: RFC 9162 §2.1.3.2. */
export function provesInclusion({ leafHash, index, size, root, proof }: Inclusion, nodeHash: NodeHash): boolean {
  if (!isSize(index) || !isSize(size) || index >= size || !areHashes(leafHash, root, ...proof)) return false;
  let [node, last] = [index, size - 1];
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(hash, root);
}

export interface Consistency {
  readonly first: number;
  readonly firstRoot: Uint8Array;
  readonly second: number;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the first tree is the beginning of the second: RFC 9162 §2.1.4.2. An empty tree is the
 * beginning of every other: for it there is no proof, and none verifies.
 */
export function provesConsistency(
  { first, firstRoot, second, secondRoot, proof }: Consistency,
  nodeHash: NodeHash,
): boolean {
  if (first === 0 || !isSize(first) || !isSize(second) || first > second || !areHashes(...proof)) return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot);
  const [start, ...rest] = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  if (start === undefined || proof.length === 0) return false;
  let [node, last] = [first - 1, second - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [firstHash, secondHash] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      firstHash = nodeHash(sibling, firstHash);
      secondHash = nodeHash(sibling, secondHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      secondHash = nodeHash(secondHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(firstHash, firstRoot) && sameBytes(secondHash, secondRoot);
}
