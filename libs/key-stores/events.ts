import { defineEvents } from '#core';

export const keyStoreEvents = defineEvents('key_store', {
  object_destroyed:
    'An unused private key was destroyed in the key store `details.keyStore`; the target is its key version, authority or checkpoint key',
});
