export { isStoreRefusal, keyStoreErrors } from './errors.js';
export { KeyStoresModule } from './key-stores.module.js';
export { KeyStores, type OpenedStore } from './key-stores.service.js';
export { STORE_NAME_PATTERN } from './settings.js';
export { storeTypeNames } from './store-types.js';
export { StoredObjects, keepObject, releaseObjects, releaseObjectsOf } from './stored-objects.js';
