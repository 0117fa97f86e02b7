import {
  type Checkpoint,
  Malformed,
  type VerifierKey,
  leafHash,
  openCheckpoint,
  parseCheckpoint,
  parseLogProof,
  parseNote,
  verifyConsistency,
  verifyInclusion,
} from '#transparency-log';

import { consistencyBetween } from './consistency-answers.js';

/** What shows that a checkpoint of a history is in the log of the installation over the checkpoints of all histories. */
interface PlatformEvidence {
  /** C2SP tlog-proofs of `GET .../history/platform-proof`: the extra data of each is a checkpoint of the history. */
  readonly proofs: readonly string[];
  /** The keys of the log, of which one must have signed each of its checkpoints. */
  readonly keys: readonly VerifierKey[];
  /** A checkpoint of the log that was kept from an earlier time. */
  readonly since?: string | undefined;
  /** Answers of `GET .../history/platform-consistency`, from the size of `since` to that of each proof. */
  readonly consistency: readonly string[];
}

/**
 * The checkpoints of a history that the log of the installation has.
 * @returns signed notes; whose keys signed them remains to be verified
 * @throws Malformed where the proof does not hold, or the log does not continue the checkpoint that was kept of it
 */
export const enteredCheckpoints = ({ proofs, ...evidence }: PlatformEvidence): string[] =>
  proofs.map((proof) => enteredCheckpoint(proof, evidence));

function enteredCheckpoint(text: string, { keys, since, consistency }: Omit<PlatformEvidence, 'proofs'>): string {
  const { index, proof, note, extra } = parseLogProof(text);
  if (!extra) throw new Malformed('The proof of the platform holds no checkpoint of the history');
  const { origin } = parseCheckpoint(parseNote(note).text);
  const own = keys.filter(({ name }) => name === origin);
  const log = openCheckpoint(note, origin, own);
  if (!verifyInclusion({ leafHash: leafHash(extra), index, size: log.size, root: log.root, proof })) {
    throw new Malformed('The checkpoint of the history is not in the log of the platform');
  }
  if (since !== undefined) requireContinued(openCheckpoint(since, origin, own), log, consistency);
  return Buffer.from(extra).toString();
}

function requireContinued(kept: Checkpoint, log: Checkpoint, answers: readonly string[]): void {
  if (kept.size > log.size) {
    throw new Malformed(`The kept checkpoint of the platform has ${kept.size} entries and its log only ${log.size}`);
  }
  const proof = kept.size === log.size ? [] : proofBetween(kept.size, log.size, answers);
  const [{ size: first, root: firstRoot }, { size: second, root: secondRoot }] = [kept, log];
  if (!verifyConsistency({ first, firstRoot, second, secondRoot, proof })) {
    throw new Malformed('The log of the platform does not continue the checkpoint that was kept of it');
  }
}

/** @throws Malformed where none of the answers is between the two sizes */
function proofBetween(from: number, to: number, answers: readonly string[]): Buffer[] {
  const proof = consistencyBetween(from, to, answers);
  if (!proof) throw new Malformed(`The log of the platform has grown: a proof from ${from} to ${to} entries is needed`);
  return proof;
}
