import { DomainError, defineErrors } from '#core';

export const keyStoreErrors = defineErrors('key-stores', {
  KEY_STORE_UNKNOWN: {
    kind: 'unprocessable',
    title: 'The key store does not exist, or the tenant may not use it',
  },
  KEY_STORE_ALGORITHM: { kind: 'unprocessable', title: 'The key store does not support this algorithm' },
  KEY_STORE_MESSAGE_TOO_LONG: {
    kind: 'unprocessable',
    title: 'The message is too long for the key store with this algorithm',
  },
  KEY_STORE_BUSY: { kind: 'unavailable', title: 'The key store is overloaded; try again later' },
  KEY_STORE_UNAVAILABLE: { kind: 'unavailable', title: 'The key store does not answer; try again later' },
});

const CODES = Object.keys(keyStoreErrors.table.definitions);

/** Whether something could not be done because of its store. */
export const isStoreRefusal = (error: unknown): error is DomainError =>
  error instanceof DomainError && CODES.includes(error.code);
