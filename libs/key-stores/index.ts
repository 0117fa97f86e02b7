export { keyStoreErrors } from './errors.js';
export { KeyStoresModule } from './key-stores.module.js';
export { KeyStores } from './key-stores.service.js';
export { STORE_NAME_PATTERN } from './settings.js';
export { StoredObjects, keepObject, releaseObjects, releaseObjectsOf } from './stored-objects.js';
