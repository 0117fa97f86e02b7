import { hash } from 'node:crypto';

import { HASH_BYTES } from '#log-verifier';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');

/** The hash of a tree without leaves: that of no bytes (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = sha256();

/** SHA-256(0x00 || entry): RFC 6962 §2.1. */
export const leafHash = (entry: Uint8Array): Buffer => sha256(LEAF, entry);

const node = Buffer.concat([NODE, Buffer.alloc(2 * HASH_BYTES)]);

/** SHA-256(0x01 || left || right): RFC 6962 §2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) return sha256(NODE, left, right);
  // One buffer for all: a log that grows by thousands of entries a second needs as many of these.
  node.set(left, NODE.length);
  node.set(right, NODE.length + HASH_BYTES);
  return hash('sha256', node, 'buffer');
}
