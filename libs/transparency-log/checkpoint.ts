import { type KeyObject, sign, verify } from 'node:crypto';

import { HASH_BYTES } from './hashing.js';
import {
  Malformed,
  type Note,
  type NoteSignature,
  type SignatureType,
  type VerifierKey,
  decodeBase64,
  formatNote,
  parseNote,
  publicKeyOf,
} from './note.js';

/** What a log says of itself at one moment (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** A key that signs checkpoints. */
export interface CheckpointSigner {
  readonly key: VerifierKey;
  readonly privateKey: KeyObject;
}

const TIMESTAMP_BYTES = 8;
const SUBTREE_LABEL = Buffer.from('subtree/v1\n\0');

/** Three lines and no extensions. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/** The checkpoint that the text of a note holds. @throws Malformed, also for extension lines, which a log of ours has none of */
export function parseCheckpoint(text: string): Checkpoint {
  const match = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/u.exec(text);
  if (!match) throw new Malformed('A checkpoint is three lines: origin, size and root');
  const size = Number(match[2]);
  const root = decodeBase64(match[3]!, 'The root');
  if (!Number.isSafeInteger(size) || root.length !== HASH_BYTES) throw new Malformed('The size or root is impossible');
  return { origin: match[1]!, size, root };
}

const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

const prefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  if (bytes.length === 0 || bytes.length > 255) throw new Malformed('A name has 1 to 255 bytes');
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
};

/** The bytes that a signature of each type is over. */
const MESSAGES: Readonly<Record<SignatureType, (text: string, cosigner: string, timestamp: number) => Buffer>> = {
  ed25519: (text) => Buffer.from(text),
  ed25519Cosignature: (text, _cosigner, timestamp) => Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`),
  // `cosigned_message` of C2SP tlog-cosignature for the whole tree: from leaf 0.
  mlDsa44: (text, cosigner, timestamp) => {
    const { origin, size, root } = parseCheckpoint(text);
    return Buffer.concat([
      SUBTREE_LABEL,
      prefixed(cosigner),
      uint64(timestamp),
      prefixed(origin),
      uint64(0),
      uint64(size),
      root,
    ]);
  },
};

/** Signs the text of a note. @param timestampSeconds the time that a cosignature states; unused by plain Ed25519 */
export function signNote(text: string, { key, privateKey }: CheckpointSigner, timestampSeconds: number): NoteSignature {
  const { name, keyId, type } = key;
  const signature = sign(null, MESSAGES[type](text, name, timestampSeconds), privateKey);
  const stamp = type === 'ed25519' ? [] : [uint64(timestampSeconds)];
  return { name, keyId, signature: Buffer.concat([...stamp, signature]) };
}

/** Whether one line is the valid signature of a key. */
export function verifySignature(text: string, key: VerifierKey, { signature }: NoteSignature): boolean {
  const stamped = key.type !== 'ed25519';
  if (stamped && signature.length <= TIMESTAMP_BYTES) return false;
  const timestamp = stamped ? Number(signature.readBigUInt64BE(0)) : 0;
  if (!Number.isSafeInteger(timestamp)) return false;
  const message = MESSAGES[key.type](text, key.name, timestamp);
  return verify(null, message, publicKeyOf(key), stamped ? signature.subarray(TIMESTAMP_BYTES) : signature);
}

/**
 * The keys, of those that are trusted, by which a note is signed. Lines of other keys are ignored.
 * @throws Malformed where a line of a trusted key does not verify: such a note is worthless
 */
export function signersOf({ text, signatures }: Note, trusted: readonly VerifierKey[]): VerifierKey[] {
  return trusted.filter((key) => {
    const lines = signatures.filter(({ name, keyId }) => name === key.name && keyId.equals(key.keyId));
    if (lines.some((line) => !verifySignature(text, key, line))) {
      throw new Malformed(`A signature of ${key.name} does not verify`);
    }
    return lines.length > 0;
  });
}

/** A checkpoint with its signatures, as it is published. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly CheckpointSigner[],
  timestampSeconds: number,
): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: signers.map((signer) => signNote(text, signer, timestampSeconds)) });
}

/**
 * Reads a signed checkpoint and verifies that one of the trusted keys of the log signed it.
 * @throws Malformed where it is not a checkpoint of the origin, or none of the keys signed it
 */
export function openCheckpoint(note: string, origin: string, trusted: readonly VerifierKey[]): Checkpoint {
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  if (checkpoint.origin !== origin) throw new Malformed(`The checkpoint is of ${checkpoint.origin}, not of ${origin}`);
  if (signersOf(parsed, trusted).length === 0) throw new Malformed('No trusted key signed the checkpoint');
  return checkpoint;
}
