import { STORE_NAME_PATTERN, keyStoreErrors } from '#key-stores';

import { type FieldOptions, Text } from '../http/fields.js';

/** Where a private key is made that never leaves. */
export const KeyStoreName = (options: FieldOptions) =>
  Text({ max: 32, pattern: STORE_NAME_PATTERN, example: 'hsm', ...options });

const { KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_BUSY, KEY_STORE_UNAVAILABLE } = keyStoreErrors;

/** How a request fails that signs with a key in a store. */
export const signingInKeyStore = [KEY_STORE_BUSY, KEY_STORE_UNAVAILABLE] as const;

/** How a request fails that makes a key in a store. */
export const inKeyStore = [KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, ...signingInKeyStore] as const;
