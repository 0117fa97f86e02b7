import { defineErrors } from '#core';

export const keyErrors = defineErrors('keys', {
  KEY_NAME_TAKEN: { kind: 'conflict', title: 'Another key of the tenant has this name' },
  KEY_LIMIT_REACHED: {
    kind: 'conflict',
    title:
      'The tenant has as many key versions as its setting `keyVersions` permits; delete a key or raise the setting',
  },
  KEY_NOT_USABLE: { kind: 'conflict', title: 'The key has no version that may sign now' },
  KEY_NOT_EXPORTABLE: { kind: 'forbidden', title: 'The key was not created exportable' },
  KEY_EXPORTABILITY_FIXED: { kind: 'conflict', title: 'A key can be made exportable only when it is created' },
  KEY_FORMAT_DOES_NOT_SUIT: { kind: 'unprocessable', title: 'A key of this kind has no such form' },
  ROTATION_UNDER_WAY: { kind: 'conflict', title: 'The next version of the key is published already and waits to sign' },
  KEY_COMPROMISED: { kind: 'unprocessable', title: 'The key was reported as compromised and is not accepted' },
  KEY_HAS_NO_PUBLIC_HALF: { kind: 'unprocessable', title: 'A shared secret has no public half' },
});
