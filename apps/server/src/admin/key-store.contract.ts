import { type OpenedStore, STORE_NAME_PATTERN, keyStoreErrors, storeTypeNames } from '#key-stores';

import { Choice, type FieldOptions, Flag, Items, Nested, Text } from '../http/fields.js';

/** The key store of a private key, which never leaves it. */
export const KeyStoreName = (options: FieldOptions) =>
  Text({ max: 32, pattern: STORE_NAME_PATTERN, example: 'hsm', ...options });

const { KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, KEY_STORE_BUSY, KEY_STORE_UNAVAILABLE } = keyStoreErrors;

/** Errors of requests that sign with a key in a store. */
export const signingInKeyStore = [KEY_STORE_BUSY, KEY_STORE_UNAVAILABLE] as const;

/** Errors of requests that make a key in a store. */
export const inKeyStore = [KEY_STORE_UNKNOWN, KEY_STORE_ALGORITHM, ...signingInKeyStore] as const;

const SHOWN_MAX = 100;

export class KeyStore {
  @KeyStoreName({ description: 'Its name: `keyStore` of new keys and certificate authorities' }) name: string;
  @Choice(storeTypeNames, { description: 'Kind of the key store' }) type: OpenedStore['type'];
  @Flag({
    nullable: true,
    description: 'Whether it answered the last call; null if this process has not called it yet',
  })
  answers: boolean | null;
}

export class KeyStoreList {
  @Items(Nested(() => KeyStore), {
    maxItems: SHOWN_MAX,
    description: 'The key stores, in the order of the configuration',
  })
  items: KeyStore[];
}

export const presentKeyStores = (stores: readonly OpenedStore[]): KeyStoreList => ({
  items: stores.slice(0, SHOWN_MAX).map(({ name, type, isUp = null }) => ({ name, type, answers: isUp })),
});
