export {
  type Checkpoint,
  type Consistency,
  HASH_BYTES,
  type Inclusion,
  type LogProof,
  Malformed,
  type Note,
  type NoteSignature,
  SIGNATURE_TYPES,
  type SignatureType,
  type VerifierKey,
  formatCheckpoint,
  formatLogProof,
  formatNote,
  formatSignature,
  formatVerifierKey,
  parseCheckpoint,
  parseLogProof,
  parseNote,
  parseSignatures,
} from '#log-verifier';
export { GrowingTiles, type TileContent, edgeOf } from './growing-tiles.js';
export { EMPTY_ROOT, leafHash, nodeHash } from './hashing.js';
export {
  type CheckpointSigner,
  type DistantSigner,
  SEED_BYTES,
  checkpointSigner,
  signCheckpoint,
  signNote,
  signNoteElsewhere,
} from './signing.js';
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
export {
  openCheckpoint,
  parseVerifierKey,
  signersOf,
  verifierKey,
  verifyConsistency,
  verifyInclusion,
  verifyLogProof,
  verifySignature,
} from './verifier.js';
export { type WitnessPolicy, isWitnessed, parsePolicy } from './policy.js';
export { type AddCheckpoint, cosignaturesIn, formatAddCheckpoint, parseCosignedSize } from './witness.js';
