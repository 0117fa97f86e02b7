import { defineEvents } from '#core';

export const keyStoreEvents = defineEvents('key_store', {
  object_destroyed:
    'A private key that nothing signs with any more was destroyed in the key store `details.keyStore`; the target is the key version or authority that it was of',
});
