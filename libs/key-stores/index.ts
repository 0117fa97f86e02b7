export { isStoreRefusal, keyStoreErrors } from './errors.js';
export { KeyStoresModule, keyStoreEntities } from './key-stores.module.js';
export { KeyStores, type OpenedStore } from './key-stores.service.js';
export { STORE_NAME_PATTERN, type StoreSetting } from './settings.js';
export { storeTypeNames } from './store-types.js';
export { StoredObjects, endObject, keepObject, releaseObjects, releaseObjectsOf } from './stored-objects.js';
