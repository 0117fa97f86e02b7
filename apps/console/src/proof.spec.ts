import { describe, expect, it } from 'vitest';
import {
  checkpointSigner,
  consistencyProof,
  formatVerifierKey,
  inclusionProof,
  leafHash,
  readFromLeaves,
  rootOf,
  signCheckpoint,
} from '#transparency-log';

import {
  isSignedBy,
  leafHashOf,
  parseSignedCheckpoint,
  provesConsistency,
  provesInclusion,
  rootInHex,
} from './proof.js';

const SIZE_MAX = 20;
const entries = Array.from({ length: SIZE_MAX }, (_, index) => `entry ${index}`);
const leaves = entries.map((entry) => leafHash(Buffer.from(entry)));
const read = readFromLeaves(leaves);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const rootAt = async (size: number): Promise<string> => hex(await rootOf(size, read));

describe('provesInclusion', () => {
  it('the proof of every leaf in every tree up to 20 holds, and for no other leaf, root or place', async () => {
    for (let size = 1; size <= SIZE_MAX; size += 1) {
      const root = await rootAt(size);
      for (let index = 0; index < size; index += 1) {
        const proof = (await inclusionProof(index, size, read)).map(hex);
        const claim = { leafHash: await leafHashOf(entries[index]!), index, size, root, proof };
        expect([size, index, await provesInclusion(claim)]).toEqual([size, index, true]);
        expect(await provesInclusion({ ...claim, leafHash: await leafHashOf('another') })).toBe(false);
        expect(await provesInclusion({ ...claim, root: await leafHashOf('another') })).toBe(false);
        expect(await provesInclusion({ ...claim, index: index + 1 })).toBe(false);
        expect(await provesInclusion({ ...claim, proof: [...proof, root] })).toBe(false);
      }
    }
  });
});

describe('provesConsistency', () => {
  it('the proof of every pair of trees up to 20 holds, and for no other root', async () => {
    for (let second = 1; second <= SIZE_MAX; second += 1) {
      for (let first = 1; first <= second; first += 1) {
        const proof = (await consistencyProof(first, second, read)).map(hex);
        const claim = { first, firstRoot: await rootAt(first), second, secondRoot: await rootAt(second), proof };
        expect([first, second, await provesConsistency(claim)]).toEqual([first, second, true]);
        expect(await provesConsistency({ ...claim, firstRoot: await leafHashOf('another') })).toBe(false);
        expect(await provesConsistency({ ...claim, secondRoot: await leafHashOf('another') })).toBe(false);
        expect(await provesConsistency({ ...claim, proof: [...proof, claim.firstRoot] })).toBe(false);
      }
    }
  });

  it('an empty tree and a longer first tree are consistent with nothing', async () => {
    const root = await rootAt(3);
    expect(await provesConsistency({ first: 0, firstRoot: root, second: 3, secondRoot: root, proof: [] })).toBe(false);
    expect(await provesConsistency({ first: 4, firstRoot: root, second: 3, secondRoot: root, proof: [] })).toBe(false);
  });
});

describe('a signed checkpoint', () => {
  const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  const origin = 'chancery.example/acme';
  const signer = checkpointSigner(origin, 'ed25519', seed(1));
  const other = checkpointSigner(origin, 'ed25519', seed(2));
  const postQuantum = checkpointSigner(origin, 'mlDsa44', seed(3));
  const root = leaves[0]!;
  const note = signCheckpoint({ origin, size: 7, root }, [signer, postQuantum], 1_700_000_000);

  it('a checkpoint is read as it was signed', () => {
    const checkpoint = parseSignedCheckpoint(note);
    expect([checkpoint.origin, checkpoint.size, rootInHex(checkpoint)]).toEqual([origin, 7, hex(root)]);
  });

  it('a checkpoint is signed by its key and by no other, and not after a change', async () => {
    const checkpoint = parseSignedCheckpoint(note);
    expect(await isSignedBy(checkpoint, formatVerifierKey(signer.key))).toBe(true);
    expect(await isSignedBy(checkpoint, formatVerifierKey(other.key))).toBe(false);
    expect(await isSignedBy(parseSignedCheckpoint(note.replace('\n7\n', '\n8\n')), formatVerifierKey(signer.key))).toBe(
      false,
    );
    expect(await isSignedBy(checkpoint, 'no key')).toBe(false);
  });

  it.each(['', 'text', `${origin}\n7\nAAAA`, `${origin}\n07\nAAAA\n\n`])('%j is no signed checkpoint', (text) => {
    expect(() => parseSignedCheckpoint(text)).toThrow('no signed checkpoint');
  });
});
