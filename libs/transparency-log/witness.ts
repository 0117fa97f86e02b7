import { Malformed, type NoteSignature, type VerifierKey, parseSignatures, readUint64, sameBytes } from '#log-verifier';

import { verifySignature } from './verifier.js';

/** What a witness is asked to cosign (C2SP tlog-witness, `add-checkpoint`). */
export interface AddCheckpoint {
  /** How many entries the checkpoint had that the witness cosigned before; 0 before the first. */
  readonly oldSize: number;
  /** That it continues that one; empty for 0, and where it is the same size. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
}

export const formatAddCheckpoint = ({ oldSize, proof, note }: AddCheckpoint): string =>
  [`old ${oldSize}`, ...proof.map((hash) => Buffer.from(hash).toString('base64')), '', note].join('\n');

/** The size that a witness names where it had cosigned another one (status 409). @throws Malformed */
export function parseCosignedSize(answer: string): number {
  const size = /^(0|[1-9]\d{0,15})\n$/.test(answer) ? Number(answer) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new Malformed('The witness names no size');
  return size;
}

const isStamped = ({ signature }: NoteSignature): boolean => readUint64(signature) > 0n;

/**
 * The cosignatures of a witness in its answer. Lines of other keys are ignored, as the protocol demands.
 * @param text the text of the checkpoint that it was asked to cosign
 * @throws Malformed where there is none, or where one does not verify or states no time
 */
export function cosignaturesIn(answer: string, text: string, witness: VerifierKey): NoteSignature[] {
  const own = parseSignatures(answer).filter(
    ({ name, keyId }) => name === witness.name && sameBytes(keyId, witness.keyId),
  );
  if (own.length === 0) throw new Malformed(`${witness.name} did not cosign`);
  if (!own.every((line) => verifySignature(text, witness, line) && isStamped(line))) {
    throw new Malformed(`A cosignature of ${witness.name} does not verify`);
  }
  return own;
}
