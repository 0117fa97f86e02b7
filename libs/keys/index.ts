import type { EntityClass } from '#database';
import { Key, KeyVersion } from './entities.js';

export const keyEntities: readonly EntityClass[] = [Key, KeyVersion];
export { keyErrors } from './errors.js';
export { keyEvents } from './events.js';
export { type KeyWithVersions, Keys, type NewKey } from './keys.service.js';
export { type KeyState, type KeyVersionState, keyLifecycle, keyVersionLifecycle } from './lifecycle.js';
export { Signer, type UsableKey } from './signer.js';
