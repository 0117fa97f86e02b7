export {
  type Checkpoint,
  type Consistency,
  HASH_BYTES,
  type Inclusion,
  type LogProof,
  Malformed,
  type Note,
  type NoteSignature,
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
  signNote,
  signNoteElsewhere,
} from './signing.js';
export {
  TILE_WIDTH,
  type Tile,
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
  inclusionProof,
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
