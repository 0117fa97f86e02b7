import { defineEvents } from '#core';

export const keyEvents = defineEvents('key', {
  generated: 'A key was generated; its first version is active',
  changed: 'The name, rotation schedule, exportability or contacts of a key were changed',
  rotated: 'The next version was created; it becomes active at `details.activatesAt`',
  rotation_rejected:
    'A scheduled rotation was not possible: `details.code` says why; it is tried again at `details.retryAt`',
  version_activated: 'A pending version became active',
  version_retired: 'A version was retired; it verifies until its last token has expired',
  version_destroyed:
    'A version was destroyed, after its last token expired or together with its key: its key material was erased',
  version_compromised:
    'A version was marked as compromised: it was removed from the JWKS, its certificates were revoked and its key material was erased',
  deleted: 'A key was deleted: it neither signs nor verifies; it can be restored until `details.destroysAt`',
  restored: 'A deleted key was restored',
  destroyed: 'A deleted key was destroyed: the key material of all its versions was erased',
  imported: 'A key was imported; its first version is active',
  exported: 'The private key of a version, or a shared secret, was exported',
});
