import { defineErrors } from '#core';

/** Refusals of keys that were read but must not be used, and of passphrases. What is no key at all is `INVALID_KEY`. */
export const keyFileErrors = defineErrors('key-files', {
  WEAK_KEY: { kind: 'unprocessable', title: 'The key is too weak' },
  INCONSISTENT_KEY: { kind: 'unprocessable', title: 'The components of the key are inconsistent' },
  PASSPHRASE_REQUIRED: { kind: 'unprocessable', title: 'The key file needs a passphrase' },
  PASSPHRASE_INVALID: { kind: 'unprocessable', title: 'The passphrase is wrong' },
});
