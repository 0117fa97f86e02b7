import { defineErrors } from '#core';

export const keyErrors = defineErrors('keys', {
  KEY_NAME_TAKEN: { kind: 'conflict', title: 'Another key of the tenant has this name' },
  KEY_NOT_USABLE: { kind: 'conflict', title: 'The key has no version that may sign now' },
  KEY_HAS_NO_PUBLIC_HALF: { kind: 'unprocessable', title: 'A shared secret has no public half' },
});
