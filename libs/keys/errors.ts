import { defineErrors } from '#core';

export const keyErrors = defineErrors('keys', {
  KEY_NAME_TAKEN: { kind: 'conflict', title: 'The key name is already in use' },
  KEY_LIMIT_REACHED: {
    kind: 'conflict',
    title: 'Key version limit reached: delete a key or raise the tenant setting `keyVersions`',
  },
  KEY_NOT_USABLE: { kind: 'conflict', title: 'The key has no active version' },
  LAST_ACTIVE_KEY_VERSION: { kind: 'conflict', title: 'This is the only active version of the key' },
  KEY_IN_USE: { kind: 'conflict', title: 'Token profiles sign with this key' },
  KEY_NOT_EXPORTABLE: { kind: 'forbidden', title: 'The key is not exportable' },
  KEY_EXPORTABILITY_FIXED: { kind: 'conflict', title: 'Exportability can be granted only at creation' },
  KEY_FORMAT_DOES_NOT_SUIT: { kind: 'unprocessable', title: 'This key type cannot be exported in this format' },
  ROTATION_UNDER_WAY: { kind: 'conflict', title: 'A rotation of this key is already in progress' },
  KEY_COMPROMISED: { kind: 'unprocessable', title: 'The key is known to be compromised' },
  KEY_HAS_NO_PUBLIC_HALF: { kind: 'unprocessable', title: 'A shared secret has no public key' },
});
