export { KeyDeletion } from './deletion.service.js';
export { DueKeyDestructions, DueRotations, DueVersionSteps } from './expirables.js';
export {
  KeyFingerprints,
  isCompromised,
  isCompromisedByNow,
  reportCompromise,
  requireUncompromised,
} from './compromised-keys.js';
export { keyErrors } from './errors.js';
export { keyEvents } from './events.js';
export { type ExportRequest, type ExportedKey, KeyExport, PASSPHRASE_CHARACTERS_MIN } from './key-export.service.js';
export { type ImportRequest, KeyImport } from './key-import.service.js';
export { type KeyChange, Keys, type NewKey } from './keys.service.js';
export { type KeyState, type KeyVersionState, keyLifecycle, keyVersionLifecycle, versionStateAt } from './lifecycle.js';
export { KeyCertificates, KeyUsers, type UsersOfKey } from './key-users.js';
export type { KeyDryRun, DryRunAction } from './dry-run.js';
export { KeyDryRuns } from './dry-runs.service.js';
export { JWKS_MAX_AGE_SECONDS, PUBLICATION_DELAY, type RotationPace } from './rotation.js';
export { KeyRotation, type PreparedCompromise } from './rotation.service.js';
export { Signer, type SigningKey, type UsableKey } from './signer.js';
export type { KeyWithVersions } from './versions.js';
export { KeysModule, keyEntities } from './keys.module.js';
