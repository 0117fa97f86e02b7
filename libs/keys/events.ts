import { defineEvents } from '#core';

export const keyEvents = defineEvents('key', {
  generated: 'A key was generated; its first version signs from now on',
  changed: 'The name, the rotation schedule or the exportability of a key was changed',
  rotated: 'The next version was made; it signs from `details.activatesAt` on, and its predecessor until then',
  rotation_rejected:
    'A scheduled rotation was not possible: `details.code` says why; it is tried again at `details.retryAt`',
  version_activated: 'A version that was published before signs from now on',
  version_retired: 'A version signs no more; it verifies what it signed until the last of it has expired',
  version_destroyed: 'The last token of a retired version has expired: its material was erased',
  version_compromised:
    'A version neither signs nor verifies any more, left the JWKS, its certificates were revoked, and its material was erased',
  deleted: 'A key was deleted: it neither signs nor verifies; it can be restored until `details.destroysAt`',
  restored: 'A deleted key was restored',
  destroyed: 'A deleted key can no longer be restored: the material of all its versions was erased',
  imported: 'A key from outside was imported; its first version signs from now on',
  exported: 'The private half of a version, or a secret, left the installation',
});
