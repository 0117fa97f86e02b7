import { Malformed, concatenated, readUint64, sameBytes, toHex } from './bytes.js';
import { type Checkpoint, parseCheckpoint, signedMessage } from './checkpoint.js';
import type { LogProof } from './log-proof.js';
import {
  KEY_ID_BYTES,
  type Note,
  type NoteSignature,
  type SignatureType,
  type VerifierKey,
  namedKey,
  parseNote,
  splitVerifierKey,
} from './note.js';
import { type Consistency, type Inclusion, provesConsistency, provesInclusion } from './proofs.js';

/** What a verifier needs of the place that it runs in: Node has other functions than a browser. */
interface VerifierCryptography {
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Whether a signature of Ed25519 (RFC 8032) or ML-DSA-44 (FIPS 204) verifies; `false` also for a key that is none. */
  readonly verifySignature: (
    algorithm: 'Ed25519' | 'ML-DSA-44',
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => boolean;
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const TIMESTAMP_BYTES = 8;

/** Whether what a log says is signed, and whether proofs of it hold. */
export class LogVerifier {
  constructor(private readonly cryptography: VerifierCryptography) {}

  /** SHA-256(0x00 || entry): RFC 6962 §2.1. */
  readonly leafHash = (entry: Uint8Array): Uint8Array => this.cryptography.sha256(concatenated(LEAF, entry));

  private readonly nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
    this.cryptography.sha256(concatenated(NODE, left, right));

  /** Whether the proof shows that the leaf is in the tree with that root. */
  readonly verifyInclusion = (claim: Inclusion): boolean => provesInclusion(claim, this.nodeHash);

  /** Whether the proof shows that the first tree is the beginning of the second. */
  readonly verifyConsistency = (claim: Consistency): boolean => provesConsistency(claim, this.nodeHash);

  /** Names a key: SHA-256(name || newline || type || public key), its first four bytes. @throws Malformed */
  readonly verifierKey = (name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey => {
    const keyId = this.cryptography.sha256(namedKey(name, type, publicKey)).subarray(0, KEY_ID_BYTES);
    // Plain bytes of its own, whatever kind of array they came in.
    return { name, type, publicKey: Uint8Array.from(publicKey), keyId: Uint8Array.from(keyId) };
  };

  /** @throws Malformed also where the key id is not that of the key */
  readonly parseVerifierKey = (text: string): VerifierKey => {
    const { name, type, publicKey, keyId } = splitVerifierKey(text);
    const key = this.verifierKey(name, type, publicKey);
    if (toHex(key.keyId) !== keyId) throw new Malformed('The key id is not that of the verifier key');
    return key;
  };

  /** Whether one line is the valid signature of a key. */
  readonly verifySignature = (text: string, key: VerifierKey, { signature }: NoteSignature): boolean => {
    const stamped = key.type !== 'ed25519';
    if (stamped && signature.length <= TIMESTAMP_BYTES) return false;
    const timestamp = stamped ? Number(readUint64(signature)) : 0;
    if (!Number.isSafeInteger(timestamp)) return false;
    return this.cryptography.verifySignature(
      key.type === 'mlDsa44' ? 'ML-DSA-44' : 'Ed25519',
      key.publicKey,
      signedMessage(text, key, timestamp),
      stamped ? signature.subarray(TIMESTAMP_BYTES) : signature,
    );
  };

  /**
   * The keys, of those that are trusted, by which a note is signed. Lines of other keys are ignored.
   * @throws Malformed where a line of a trusted key does not verify: such a note is worthless
   */
  readonly signersOf = ({ text, signatures }: Note, trusted: readonly VerifierKey[]): VerifierKey[] =>
    trusted.filter((key) => {
      const lines = signatures.filter(({ name, keyId }) => name === key.name && sameBytes(keyId, key.keyId));
      if (lines.some((line) => !this.verifySignature(text, key, line))) {
        throw new Malformed(`A signature of ${key.name} does not verify`);
      }
      return lines.length > 0;
    });

  /**
   * Reads a signed checkpoint and verifies that one of the trusted keys of the log signed it.
   * @throws Malformed where it is not a checkpoint of the origin, or none of the keys signed it
   */
  readonly openCheckpoint = (note: string, origin: string, trusted: readonly VerifierKey[]): Checkpoint => {
    const parsed = parseNote(note);
    const checkpoint = parseCheckpoint(parsed.text);
    if (checkpoint.origin !== origin) {
      throw new Malformed(`The checkpoint is of ${checkpoint.origin}, not of ${origin}`);
    }
    if (this.signersOf(parsed, trusted).length === 0) throw new Malformed('No trusted key signed the checkpoint');
    return checkpoint;
  };

  /** Whether the proof shows that the leaf is in the log of that origin. @throws Malformed where the checkpoint is not its own */
  readonly verifyLogProof = (
    { index, proof, note }: LogProof,
    leafHash: Uint8Array,
    origin: string,
    trusted: readonly VerifierKey[],
  ): boolean => {
    const { size, root } = this.openCheckpoint(note, origin, trusted);
    return this.verifyInclusion({ leafHash, index, size, root, proof });
  };
}
