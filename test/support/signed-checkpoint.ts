import { type Checkpoint, type CheckpointSigner, formatCheckpoint, formatNote, signNote } from '#transparency-log';

/** A checkpoint with its signatures, as a log publishes it. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly CheckpointSigner[],
  timestampSeconds: number,
): string {
  const text = formatCheckpoint(checkpoint);
  return formatNote({ text, signatures: signers.map((signer) => signNote(text, signer, timestampSeconds)) });
}
