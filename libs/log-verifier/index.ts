export { Malformed, fromHex, readUint64, sameBytes, toHex, uint64 } from './bytes.js';
export { type Checkpoint, HASH_BYTES, formatCheckpoint, parseCheckpoint, signedMessage } from './checkpoint.js';
export { parseExportLine } from './export-line.js';
export { type LogProof, formatLogProof, parseLogProof } from './log-proof.js';
export {
  type Note,
  type NoteSignature,
  type SignatureType,
  type VerifierKey,
  formatNote,
  formatSignature,
  formatVerifierKey,
  parseNote,
  parseSignatures,
} from './note.js';
export { type Consistency, type Inclusion } from './proofs.js';
export { LogVerifier } from './verifier.js';
