import { defineErrors } from '#core';

/** Errors of keys and algorithms; the other files of this library declare their own beside the code that throws them. */
export const cryptoErrors = defineErrors('crypto', {
  INVALID_KEY: { kind: 'unprocessable', title: 'The key cannot be read' },
  KEY_DOES_NOT_FIT: { kind: 'internal', title: 'The key cannot be used with this algorithm' },
});
