export {
  type Checkpoint,
  type CheckpointSigner,
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  signNote,
  signersOf,
  verifySignature,
} from './checkpoint.js';
export { GrowingTiles, type TileContent, edgeOf } from './growing-tiles.js';
export { EMPTY_ROOT, HASH_BYTES, leafHash, nodeHash } from './hashing.js';
export { type LogProof, formatLogProof, parseLogProof, verifyLogProof } from './log-proof.js';
export {
  Malformed,
  type Note,
  type NoteSignature,
  SIGNATURE_TYPES,
  type SignatureType,
  type VerifierKey,
  formatNote,
  formatSignature,
  formatVerifierKey,
  parseNote,
  parseSignatures,
  parseVerifierKey,
  verifierKey,
} from './note.js';
export { SEED_BYTES, checkpointSigner } from './signing-key.js';
export {
  ENTRY_BYTES_MAX,
  TILE_WIDTH,
  type Tile,
  type TilePath,
  formatEntries,
  formatTileIndex,
  hashAt,
  parseEntries,
  parseTilePath,
  readFromTiles,
  tileHash,
  widthOf,
} from './tiles.js';
export {
  GrowingTree,
  type Range,
  type ReadHashes,
  type Subtree,
  consistencyProof,
  consistencyRanges,
  inclusionProof,
  inclusionRanges,
  readFromLeaves,
  rootOf,
  subtreesOf,
} from './tree.js';
export { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from './verify.js';
export { type WitnessPolicy, isWitnessed, parsePolicy } from './policy.js';
export { type AddCheckpoint, cosignaturesIn, formatAddCheckpoint, parseCosignedSize } from './witness.js';
